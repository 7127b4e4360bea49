using System.Collections.Immutable;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Benchmarks;

/// <summary>The writes of five-stage workflows as the engine makes them: submission, four results that queue the next stage, one that ends the workflow. Results are 1 KB.</summary>
internal sealed class StoreWorkload
{
    public const int Stages = 5;

    /// <summary>Writes per workflow: one per stage, and the submission.</summary>
    public const int WritesPerWorkflow = Stages + 1;

    private static readonly string[] StageNames = ["initialization", "scaffolding", "validation", "e2e_testing", "deployment"];
    private static readonly JsonPayload Output = JsonPayload.From(new { report = new string('x', 1000) });
    private static readonly AgentId Agent = new("noop-0123abcd");

    private readonly WorkflowHeader _header;
    private WorkflowState _state;
    private int _step;

    public StoreWorkload(TimeProvider time)
    {
        var now = time.GetUtcNow();
        _header = new WorkflowHeader
        {
            Id = WorkflowId.New(time),
            Name = "benchmark",
            Type = "app",
            DefinitionName = "pipeline5",
            DefinitionVersion = new string('a', 64),
            Requirements = "A calculator web API with add, subtract, multiply and divide",
            CreatedAt = now,
        };
        _state = new WorkflowState { Id = _header.Id, UpdatedAt = now, Stages = [.. StageNames.Select(name => new StageState { Name = name })] };
    }

    public bool IsOver => _step > Stages;

    /// <summary>The next write, which must be stored before the one after it.</summary>
    /// <returns>The write and how many rows it says.</returns>
    public (WorkflowWrite Write, int Rows) Next(DateTimeOffset now)
    {
        var first = _step == 0;
        var last = _step == Stages;
        var stages = _state.Stages;
        var events = ImmutableArray.CreateBuilder<WorkflowEvent>(2);
        if (!first)
        {
            var done = stages[_step - 1] with { Status = StageStatus.Completed, CountedAttempt = 1, EndedAt = now };
            stages = stages.SetItem(_step - 1, done);
            events.Add(new StageCompleted { At = now, Stage = done.Name, Attempt = 1, AgentId = Agent });
        }
        else
        {
            events.Add(new WorkflowSubmitted { At = now });
        }

        if (!last)
        {
            stages = stages.SetItem(_step, stages[_step] with { Status = StageStatus.Pending, Attempt = 1, QueuedAt = now });
            events.Add(new StageQueued { At = now, Stage = StageNames[_step], Attempt = 1 });
        }
        else
        {
            events.Add(new WorkflowEnded { At = now, End = WorkflowStatus.Completed });
        }

        _state = _state with { Version = _state.Version + 1, UpdatedAt = now, Stages = stages, End = last ? WorkflowStatus.Completed : null, EndedAt = last ? now : null };
        var write = new WorkflowWrite
        {
            ExpectedVersion = _state.Version - 1,
            State = _state,
            DisplayState = last ? "COMPLETED" : "RUNNING",
            CurrentStage = StageNames[Math.Min(_step, Stages - 1)],
            Progress = _step * 100 / Stages,
            Header = first ? _header : null,
            NewAttempts = last ? [] : [new AttemptInsert { Stage = StageNames[_step], Attempt = 1, AgentType = "noop", Priority = Priority.Medium, CreatedAt = now }],
            EndedAttempts = first ? [] : [End(StageNames[_step - 1], now)],
            Events = events.ToImmutable(),
        };
        _step++;
        // A header or an attempt's result beside the workflow's row, an attempt's row per beginning and end, and the events.
        return (write, 1 + (first ? 1 : 2) + (last ? 0 : 1) + 2);
    }

    private static AttemptEnd End(string stage, DateTimeOffset now) => new()
    {
        Stage = stage,
        Attempt = 1,
        Status = AttemptStatus.Completed,
        FinishedAt = now,
        AgentId = Agent,
        StartedAt = now,
        Output = Output,
        Usage = new Usage { DurationMs = 3 },
    };
}
