using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine;

/// <summary>The store in memory, with places where a test can look, wait, or let it fail.</summary>
internal sealed class WatchedStore(InMemoryStore store) : IWorkflowStore
{
    private readonly List<CommitBatch> _batches = [];
    private int _waitingListed;

    public Func<CommitBatch, Task> BeforeCommit { get; set; } = _ => Task.CompletedTask;

    public Func<CommitBatch, Task> AfterCommit { get; set; } = _ => Task.CompletedTask;

    public Func<Task> BeforeLoad { get; set; } = () => Task.CompletedTask;

    public Func<Task> AfterLoad { get; set; } = () => Task.CompletedTask;

    public Func<Task> AfterLoadOutputs { get; set; } = () => Task.CompletedTask;

    public Func<Task> BeforeList { get; set; } = () => Task.CompletedTask;

    /// <summary>How often it was asked which attempts wait.</summary>
    public int WaitingListed => Volatile.Read(ref _waitingListed);

    /// <summary>What was written.</summary>
    public IReadOnlyList<CommitBatch> Batches
    {
        get
        {
            lock (_batches)
            {
                return [.. _batches];
            }
        }
    }

    /// <summary>From now on nothing answers.</summary>
    public void GoAway()
    {
        BeforeCommit = _ => throw new StoreUnavailableException("The database is away.");
        BeforeLoad = BeforeList = () => throw new StoreUnavailableException("The database is away.");
    }

    /// <summary>From now on everything is as usual.</summary>
    public void ComeBack()
    {
        BeforeCommit = AfterCommit = _ => Task.CompletedTask;
        BeforeLoad = AfterLoad = AfterLoadOutputs = BeforeList = () => Task.CompletedTask;
    }

    public Task MigrateAsync(CancellationToken cancellationToken) => store.MigrateAsync(cancellationToken);

    public async Task<CommitOutcome> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        await BeforeCommit(batch);
        var outcome = await store.CommitAsync(batch, cancellationToken);
        lock (_batches)
        {
            _batches.Add(batch);
        }

        await AfterCommit(batch);
        return outcome;
    }

    public async Task<IReadOnlyList<StoredWorkflow>> LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        await BeforeLoad();
        var loaded = await store.LoadAsync(ids, cancellationToken);
        await AfterLoad();
        return loaded;
    }

    public async Task<IReadOnlyDictionary<string, JsonPayload>> LoadOutputsAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        var outputs = await store.LoadOutputsAsync(id, cancellationToken);
        await AfterLoadOutputs();
        return outputs;
    }

    public Task<IReadOnlyList<StoredWorkflow>> ListAsync(WorkflowQuery query, CancellationToken cancellationToken) => store.ListAsync(query, cancellationToken);

    public Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(WorkflowId? workflowId, long after, int limit, CancellationToken cancellationToken) =>
        store.ReadEventsAsync(workflowId, after, limit, cancellationToken);

    public Task<IReadOnlyList<StoredAttempt>> ListAttemptsAsync(AttemptQuery query, CancellationToken cancellationToken) => store.ListAttemptsAsync(query, cancellationToken);

    public Task<StoredAttempt?> FindAttemptAsync(TaskId id, CancellationToken cancellationToken) => store.FindAttemptAsync(id, cancellationToken);

    public Task<IReadOnlyList<ActiveAttempt>> ListActiveAttemptsAsync(TaskId? after, int limit, CancellationToken cancellationToken) =>
        store.ListActiveAttemptsAsync(after, limit, cancellationToken);

    public async Task<IReadOnlyList<ActiveAttempt>> ListOverdueAttemptsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        await BeforeList();
        return await store.ListOverdueAttemptsAsync(now, limit, cancellationToken);
    }

    public Task<int> RestartLeasesAsync(DateTimeOffset until, CancellationToken cancellationToken) => store.RestartLeasesAsync(until, cancellationToken);

    public Task<IReadOnlyList<WorkflowId>> ListDueTimersAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        store.ListDueTimersAsync(now, limit, cancellationToken);

    public Task<IdempotencyRecord?> FindIdempotencyKeyAsync(string key, CancellationToken cancellationToken) => store.FindIdempotencyKeyAsync(key, cancellationToken);

    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) => store.FindStepAsync(key, cancellationToken);

    public Task<JsonPayload> RecordStepAsync(StepKey key, int attempt, JsonPayload result, DateTimeOffset at, CancellationToken cancellationToken) =>
        store.RecordStepAsync(key, attempt, result, at, cancellationToken);

    public Task<IReadOnlyList<WorkflowId>> PruneAsync(DateTimeOffset endedBefore, int limit, bool dryRun, CancellationToken cancellationToken) =>
        store.PruneAsync(endedBefore, limit, dryRun, cancellationToken);

    public Task<IReadOnlyDictionary<WorkflowId, long>> ReadVersionsAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken) =>
        store.ReadVersionsAsync(ids, cancellationToken);

    public Task<long> ReadLastEventIdAsync(CancellationToken cancellationToken) => store.ReadLastEventIdAsync(cancellationToken);

    public Task<int> ParkAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken) => store.ParkAsync(node, tasks, cancellationToken);

    public async Task<IReadOnlyCollection<TaskId>> ListWaitingAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _waitingListed);
        return await store.ListWaitingAsync(node, tasks, cancellationToken);
    }

    public Task<IReadOnlyCollection<TaskId>> ListOfferedAsync(int node, DateTimeOffset since, int limit, CancellationToken cancellationToken) => store.ListOfferedAsync(node, since, limit, cancellationToken);

    public Task<int> ParkAbandonedAsync(NodeRoll roll, int limit, CancellationToken cancellationToken) => store.ParkAbandonedAsync(roll, limit, cancellationToken);

    public Task<IReadOnlyList<ActiveAttempt>> TakeParkedAsync(int node, string? agentType, DateTimeOffset now, TimeSpan horizon, int limit, CancellationToken cancellationToken) =>
        store.TakeParkedAsync(node, agentType, now, horizon, limit, cancellationToken);

    public Task<IReadOnlyList<ApprovalRecord>> ListApprovalsAsync(ApprovalQuery query, CancellationToken cancellationToken) => store.ListApprovalsAsync(query, cancellationToken);

    public Task<ApprovalRecord?> FindApprovalAsync(ApprovalId id, CancellationToken cancellationToken) => store.FindApprovalAsync(id, cancellationToken);

    public Task<IReadOnlyList<ApprovalRecord>> ListUnexecutedAsync(int limit, CancellationToken cancellationToken) => store.ListUnexecutedAsync(limit, cancellationToken);

    public Task<bool> AddLinkAsync(ApprovalLink link, CancellationToken cancellationToken) => store.AddLinkAsync(link, cancellationToken);

    public Task<ApprovalLink?> FindLinkAsync(string tokenHash, CancellationToken cancellationToken) => store.FindLinkAsync(tokenHash, cancellationToken);

    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken) => store.CountAsync(cancellationToken);
}
