using System.Collections.Immutable;
using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Conformance;

/// <summary>What an engine would write, in few words. Times are whole milliseconds, which every store keeps.</summary>
internal static class Writes
{
    /// <summary>The present of these tests.</summary>
    public static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static long _ids;

    /// <summary>Ids that rise in the order of the calls, whatever the clock's resolution.</summary>
    public static WorkflowId NextId() => new(Guid.CreateVersion7(Now.AddMilliseconds(Interlocked.Increment(ref _ids))));

    /// <summary>A new workflow with stages that wait, the first of them with a pending attempt.</summary>
    public static WorkflowWrite Submit(WorkflowId id, string? key = null, string type = "app", Priority priority = Priority.Medium, string definition = "app") => new()
    {
        ExpectedVersion = 0,
        State = new WorkflowState
        {
            Id = id,
            Version = 1,
            UpdatedAt = Now,
            Stages = [new StageState { Name = "build", Status = StageStatus.Pending, Attempt = 1, QueuedAt = Now }, new StageState { Name = "test" }],
        },
        DisplayState = "BUILDING",
        CurrentStage = "build",
        Header = new WorkflowHeader
        {
            Id = id,
            Name = "a workflow",
            Type = type,
            DefinitionName = definition,
            DefinitionVersion = new string('a', 64),
            Requirements = "a calculator",
            Priority = priority,
            CreatedAt = Now,
        },
        Idempotency = key is null ? null : new IdempotencyRecord(key, "hash of " + key, id),
        NewAttempts = [Begin("build", 1)],
        Events = [new WorkflowSubmitted { At = Now }, new StageQueued { At = Now, Stage = "build", Attempt = 1 }],
    };

    /// <summary>The next version of a workflow.</summary>
    public static WorkflowWrite Then(this WorkflowWrite before, params WorkflowEvent[] events) => new()
    {
        ExpectedVersion = before.State.Version,
        State = before.State with { Version = before.State.Version + 1 },
        DisplayState = before.DisplayState,
        CurrentStage = before.CurrentStage,
        Progress = before.Progress,
        Events = events,
    };

    /// <summary>The same, with an end.</summary>
    public static WorkflowWrite Ended(this WorkflowWrite write, WorkflowStatus end, DateTimeOffset? at = null) => write with
    {
        State = write.State with { End = end, EndedAt = at ?? Now },
        Events = [.. write.Events, new WorkflowEnded { At = at ?? Now, End = end }],
    };

    public static AttemptInsert Begin(string stage, int attempt, string agentType = "builder") => new()
    {
        Stage = stage,
        Attempt = attempt,
        AgentType = agentType,
        Priority = Priority.High,
        CreatedAt = Now,
    };

    public static AttemptEnd End(string stage, int attempt, AttemptStatus status = AttemptStatus.Completed, JsonPayload? output = null) => new()
    {
        Stage = stage,
        Attempt = attempt,
        Status = status,
        FinishedAt = Now.AddMinutes(1),
        Output = output,
    };

    /// <summary>A lease of an agent until some seconds after <see cref="Now"/>.</summary>
    public static LeaseWrite Lease(WorkflowId id, string agent, int seconds = 30, string stage = "build", int attempt = 1) => new()
    {
        TaskId = new TaskId(id, stage, attempt),
        Status = AttemptStatus.Running,
        AgentId = new AgentId(agent),
        StartedAt = Now,
        LeaseExpiresAt = Now.AddSeconds(seconds),
        Deadline = Now.AddMinutes(5),
    };

    public static LeaseWrite Dispatched(WorkflowId id, string stage = "build", int attempt = 1) =>
        new() { TaskId = new TaskId(id, stage, attempt), Status = AttemptStatus.Dispatched };

    public static NoteWrite Note(WorkflowId id, WorkflowEvent said, string stage = "build", int attempt = 1) => new() { TaskId = new TaskId(id, stage, attempt), Event = said };

    /// <summary>JSON text of a given size in bytes.</summary>
    public static JsonPayload Payload(int sizeBytes, char filling = 'x') => JsonPayload.Parse($"\"{new string(filling, sizeBytes - 2)}\"");

    public static Task<CommitOutcome> CommitAsync(this IWorkflowStore store, params WorkflowWrite[] writes) =>
        store.CommitAsync(new CommitBatch { Workflows = writes }, CancellationToken.None);

    public static Task<CommitOutcome> CommitAsync(this IWorkflowStore store, params LeaseWrite[] leases) =>
        store.CommitAsync(new CommitBatch { Leases = leases }, CancellationToken.None);

    public static Task<CommitOutcome> CommitAsync(this IWorkflowStore store, params NoteWrite[] notes) =>
        store.CommitAsync(new CommitBatch { Notes = notes }, CancellationToken.None);

    /// <summary>The one workflow of an id.</summary>
    public static async Task<StoredWorkflow> LoadOneAsync(this IWorkflowStore store, WorkflowId id) => Assert.Single(await store.LoadAsync([id], CancellationToken.None));

    public static async Task<StoredAttempt> AttemptAsync(this IWorkflowStore store, WorkflowId id, string stage = "build", int attempt = 1)
    {
        var found = await store.FindAttemptAsync(new TaskId(id, stage, attempt), CancellationToken.None);
        Assert.NotNull(found);
        return found;
    }

    public static async Task<IReadOnlyList<string>> EventNamesAsync(this IWorkflowStore store, WorkflowId? id) =>
        [.. (await store.ReadEventsAsync(id, 0, 10_000, CancellationToken.None)).Select(happened => happened.Name)];

    /// <summary>Compares by content: records hold lists, whose equality is by reference.</summary>
    public static void Same<T>(T expected, T actual) => Assert.Equal(JsonSerializer.Serialize(expected, StackJson.Options), JsonSerializer.Serialize(actual, StackJson.Options));
}
