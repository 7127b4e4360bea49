using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli.Canary;

/// <summary>The evidence of a run in which everything was right: two workflows that completed, and one that was poison.</summary>
internal static class EvidenceOf
{
    public static readonly DateTimeOffset Began = new(2026, 11, 21, 10, 0, 0, TimeSpan.Zero);
    public static readonly WorkflowId One = Id(1);
    public static readonly WorkflowId Two = Id(2);
    public static readonly WorkflowId Poisoned = Id(3);
    public static readonly AgentId Agent = new("canary-1");

    public static Evidence AGoodRun() => new()
    {
        Accepted = new Dictionary<WorkflowId, CanaryInput> { [One] = new(), [Two] = new(), [Poisoned] = new() { PoisonStage = "first" } },
        Workflows = [Workflow(One), Workflow(Two), Workflow(Poisoned) with { Status = WorkflowStatus.Failed, Error = Poison() }],
        Attempts = [.. Attempts(One), .. Attempts(Two), Attempt(Poisoned, "first") with { Status = AttemptStatus.Lost, StartedAt = null, Usage = null }],
        Events = [.. Events(One, 1), .. Events(Two, 100)],
        Ledger = [.. Ledger(One), .. Ledger(Two), Entry(new TaskId(Poisoned, "first", 1), CanaryLedgerEvent.Begun)],
        DeadLetters = [Letter("task", new TaskId(Poisoned, "first", 1))],
        Began = Began,
        Gathered = Began.AddMinutes(1),
    };

    public static WorkflowResource Workflow(WorkflowId id) => new()
    {
        Id = id,
        WorkflowId = id,
        Name = $"canary run {id}",
        Type = "canary",
        Definition = "canary",
        Status = WorkflowStatus.Completed,
        State = "COMPLETED",
        Priority = Priority.Medium,
        Version = 1,
        CreatedAt = Began,
        UpdatedAt = Began,
    };

    public static TaskResource Attempt(WorkflowId id, string stage, int attempt = 1) => new()
    {
        TaskId = new TaskId(id, stage, attempt),
        WorkflowId = id,
        Stage = stage,
        Attempt = attempt,
        AgentType = "canary",
        Status = AttemptStatus.Completed,
        CreatedAt = Began,
        StartedAt = Began.AddSeconds(1),
        FinishedAt = Began.AddSeconds(2),
        Usage = new Usage { DurationMs = 1000 },
    };

    public static CanaryLedgerEntry Entry(TaskId task, CanaryLedgerEvent happened) => new() { Event = happened, TaskId = task, AgentId = Agent, ProcessId = 1, At = Began };

    public static EventResource Event(WorkflowId id, long number, string type, string? stage = null) => new() { Id = number, WorkflowId = id, Type = type, Stage = stage, At = Began.AddMilliseconds(number) };

    public static DeadLetterResource Letter(string kind, TaskId task) => new() { Id = "1", Kind = kind, TaskId = task, SizeBytes = 1 };

    private static IEnumerable<TaskResource> Attempts(WorkflowId id) => CanaryDefinition.Stages.Select(stage => Attempt(id, stage));

    private static IEnumerable<EventResource> Events(WorkflowId id, long first) =>
    [
        .. CanaryDefinition.Stages.Select((stage, index) => Event(id, first + index, "stage.completed", stage)),
        Event(id, first + CanaryDefinition.Stages.Count, "workflow.completed"),
    ];

    private static IEnumerable<CanaryLedgerEntry> Ledger(WorkflowId id) => CanaryDefinition.Stages.SelectMany(stage => (CanaryLedgerEntry[])
    [
        Entry(new TaskId(id, stage, 1), CanaryLedgerEvent.Begun),
        Entry(new TaskId(id, stage, 1), CanaryLedgerEvent.Finished),
    ]);

    private static StructuredError Poison() => new() { Code = "attempts_lost", Message = "Five agents fell silent.", Category = ErrorCategory.Poison };

    private static WorkflowId Id(byte number) => new(new Guid(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number));
}
