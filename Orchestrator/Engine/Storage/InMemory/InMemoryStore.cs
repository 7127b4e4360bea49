using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// The stores in the memory of one process: nothing survives it. For tests, and for a throw-away orchestrator. Behaves as the durable stores do, batch for batch.
/// Thread-safe; reads never wait.
/// </summary>
/// <param name="ledger">The ledger that keeps the budgets of its workflows, which go when these go. Null: there is none.</param>
public sealed partial class InMemoryStore(InMemoryLedger? ledger = null) : IWorkflowStore, IDefinitionStore, IDeploymentStore, IModelJournal
{
    private readonly Lock _writing = new();
    private volatile InMemoryState _state = new();

    /// <inheritdoc />
    public Task MigrateAsync(CancellationToken cancellationToken) => Read(_ => true, cancellationToken);

    /// <inheritdoc />
    public Task<CommitOutcome> CommitAsync(CommitBatch batch, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                CommitRules.Verify(batch);
                return new InMemoryCommit(state).Write(batch);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredWorkflow>> LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<StoredWorkflow>>(
            state => [.. ids.Select(id => state.Workflows.GetValueOrDefault(id)).OfType<InMemoryWorkflow>().Select(workflow => workflow.Stored)],
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, JsonPayload>> LoadOutputsAsync(WorkflowId id, CancellationToken cancellationToken) =>
        Read<IReadOnlyDictionary<string, JsonPayload>>(
            state => state.Workflows.TryGetValue(id, out var workflow)
                ? workflow.Attempts.Values.Where(attempt => attempt.Counted && attempt.Stored.Output is not null)
                    .ToDictionary(attempt => attempt.TaskId.Stage, attempt => attempt.Stored.Output!, StringComparer.Ordinal)
                : new Dictionary<string, JsonPayload>(StringComparer.Ordinal),
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredWorkflow>> ListAsync(WorkflowQuery query, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<StoredWorkflow>>(
            state =>
            [
                .. state.Workflows.Values.Reverse().Select(workflow => workflow.Stored)
                    .Where(workflow =>
                        (query.Status is null || workflow.State.Status == query.Status)
                        && (query.Type is null || workflow.Header.Type == query.Type)
                        && (query.Priority is null || workflow.Header.Priority == query.Priority)
                        && (query.Definition is null || workflow.Header.DefinitionName == query.Definition)
                        && (query.Before is not { } before || workflow.Header.Id < before))
                    .Take(query.Limit),
            ],
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(WorkflowId? workflowId, long after, int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<StoredEvent>>(
            state =>
            {
                var events = workflowId is not { } id ? state.Events : state.Workflows.GetValueOrDefault(id)?.Events ?? [];
                var (low, high) = (0, events.Count);
                while (low < high)
                {
                    var middle = (low + high) / 2;
                    (low, high) = events[middle].Id > after ? (low, middle) : (middle + 1, high);
                }

                return events.GetRange(low, Math.Min(limit, events.Count - low));
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<long> ReadLastEventIdAsync(CancellationToken cancellationToken) => Read(state => state.LastEventId, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<WorkflowId, long>> ReadVersionsAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken) =>
        Read<IReadOnlyDictionary<WorkflowId, long>>(
            state => ids.Distinct().Where(state.Workflows.ContainsKey).ToDictionary(id => id, id => state.Workflows[id].Stored.State.Version),
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<WorkflowId>> ListDueTimersAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<WorkflowId>>(
            state =>
            [
                .. state.Workflows.Values.Where(workflow => workflow.Stored.State.NextTimerAt <= now)
                    .OrderBy(workflow => workflow.Stored.State.NextTimerAt).Select(workflow => workflow.Stored.Header.Id).Take(limit),
            ],
            cancellationToken);

    /// <inheritdoc />
    public Task<IdempotencyRecord?> FindIdempotencyKeyAsync(string key, CancellationToken cancellationToken) =>
        Read(state => state.IdempotencyKeys.GetValueOrDefault(key), cancellationToken);

    /// <inheritdoc />
    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) =>
        Read(state => state.Workflows.GetValueOrDefault(key.WorkflowId)?.Steps.GetValueOrDefault(key), cancellationToken);

    /// <inheritdoc />
    public Task<JsonPayload> RecordStepAsync(StepKey key, int attempt, JsonPayload result, DateTimeOffset at, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                if (!state.Workflows.TryGetValue(key.WorkflowId, out var workflow))
                {
                    throw new StoreInvariantException($"Step '{key.Name}' cannot be journaled: there is no workflow {key.WorkflowId}.");
                }

                return workflow.Steps.TryGetValue(key, out var first)
                    ? (state, first)
                    : (state with { Workflows = state.Workflows.SetItem(key.WorkflowId, workflow with { Steps = workflow.Steps.Add(key, result) }) }, result);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<WorkflowId>> PruneAsync(DateTimeOffset endedBefore, int limit, bool dryRun, CancellationToken cancellationToken) =>
        Write<IReadOnlyList<WorkflowId>>(
            state =>
            {
                List<WorkflowId> ended =
                [
                    .. state.Workflows.Values.Where(workflow => workflow.Stored.State.EndedAt < endedBefore)
                        .OrderBy(workflow => workflow.Stored.State.EndedAt).Select(workflow => workflow.Stored.Header.Id).Take(limit),
                ];
                if (dryRun)
                {
                    return (state, ended);
                }

                var gone = ended.ToHashSet();
                ForgetCalls(gone);
                ledger?.Forget(gone);
                var left = state with
                {
                    Workflows = state.Workflows.RemoveRange(ended),
                    Approvals = state.Approvals.RemoveRange(state.Approvals.Values.Where(approval => gone.Contains(approval.WorkflowId)).Select(approval => approval.Id)),
                    Links = state.Links.RemoveRange(state.Links.Values.Where(link => gone.Contains(state.Approvals[link.ApprovalId].WorkflowId)).Select(link => link.TokenHash)),
                    Events = state.Events.RemoveAll(happened => gone.Contains(happened.WorkflowId)),
                    IdempotencyKeys = state.IdempotencyKeys.RemoveRange(state.IdempotencyKeys.Values.Where(key => gone.Contains(key.WorkflowId)).Select(key => key.Key)),
                };
                return (left, ended);
            },
            cancellationToken);

    private Task<T> Read<T>(Func<InMemoryState, T> read, CancellationToken cancellationToken) =>
        cancellationToken.IsCancellationRequested ? Task.FromCanceled<T>(cancellationToken) : Task.FromResult(read(_state));

    private Task<T> Write<T>(Func<InMemoryState, (InMemoryState State, T Answer)> write, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        lock (_writing)
        {
            (_state, var answer) = write(_state);
            return Task.FromResult(answer);
        }
    }
}
