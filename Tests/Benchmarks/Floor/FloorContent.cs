using System.Text;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Benchmarks.Floor;

/// <summary>What the real system would write and send for a workflow of five stages, made once: texts of rows by the number of stages that are done, and lengths of messages.</summary>
internal sealed class FloorContent
{
    public const int Stages = StoreWorkload.Stages;

    private static readonly JsonPayload Output = JsonPayload.From(new { padding = new string('x', 1010) });

    public FloorContent()
    {
        var workload = new StoreWorkload(TimeProvider.System);
        for (var done = 0; done <= Stages; done++)
        {
            var (write, _) = workload.Next(TimeProvider.System.GetUtcNow());
            States[done] = JsonSerializer.Serialize(write.State, StackJson.Options);
            Events[done] = [.. write.Events.Select(happened => (EventNames.Of(happened), Encoding.UTF8.GetString(EventNames.Serialize(happened))))];
        }
    }

    public string[] States { get; } = new string[Stages + 1];

    public (string Name, string Text)[][] Events { get; } = new (string, string)[Stages + 1][];

    public string OutputText { get; } = Output.ToString();

    public string UsageText { get; } = JsonSerializer.Serialize(new Usage { DurationMs = 3 }, StackJson.Options);

    public int[] TaskLengths { get; } = [.. Enumerable.Range(0, Stages).Select(done => Length<Envelope>(Task(done)))];

    public int ResultLength { get; } = Length<Envelope>(new ResultEnvelope
    {
        TaskId = Id(0),
        AgentId = new AgentId("noop-0123abcd"),
        StartedAt = TimeProvider.System.GetUtcNow(),
        Outcome = new StageOutcome.Completed { Output = Output },
        Usage = new Usage { DurationMs = 3 },
    });

    public static string StageName(int number) => $"step{number + 1}";

    private static TaskId Id(int number) => new(WorkflowId.New(TimeProvider.System), StageName(number), 1);

    private static TaskEnvelope Task(int done) => new()
    {
        TaskId = Id(done),
        AgentType = "noop",
        CreatedAt = TimeProvider.System.GetUtcNow(),
        Deadline = TimeProvider.System.GetUtcNow(),
        Payload = JsonPayload.From(new { output_bytes = 1024 }),
        WorkflowContext = new WorkflowContext
        {
            WorkflowType = "app",
            WorkflowName = "bench",
            Definition = "pipeline5",
            Requirements = "Five steps.",
            CurrentStage = StageName(done),
            StageOutputs = Enumerable.Range(0, done).ToDictionary(StageName, _ => Output),
        },
    };

    private static int Length<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, StackJson.Options).Length;
}
