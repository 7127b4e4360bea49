using Stack.Contracts;

namespace Stack.Engine;

public sealed partial class InMemoryStore
{
    /// <inheritdoc />
    public Task<IReadOnlyList<StoredAttempt>> ListAttemptsAsync(AttemptQuery query, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<StoredAttempt>>(
            state =>
            [
                .. state.Attempts.Reverse()
                    .Where(attempt =>
                        (query.WorkflowId is null || attempt.TaskId.WorkflowId == query.WorkflowId)
                        && (query.Status is null || attempt.Status == query.Status)
                        && (query.AgentType is null || attempt.Stored.Attempt.AgentType == query.AgentType)
                        && (query.Before is not { } before || InMemoryState.Compare(attempt.TaskId, before) < 0))
                    .Take(query.Limit)
                    .Select(attempt => attempt.Stored with { Output = null }),
            ],
            cancellationToken);

    /// <inheritdoc />
    public Task<StoredAttempt?> FindAttemptAsync(TaskId id, CancellationToken cancellationToken) =>
        Read(state => state.Workflows.GetValueOrDefault(id.WorkflowId)?.Attempts.GetValueOrDefault(id)?.Stored, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ActiveAttempt>> ListActiveAttemptsAsync(TaskId? after, int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<ActiveAttempt>>(
            state =>
            [
                .. state.Attempts.Where(attempt => !attempt.Status.IsOver() && (after is not { } last || InMemoryState.Compare(attempt.TaskId, last) > 0))
                    .Take(limit).Select(attempt => attempt.Stored.Attempt),
            ],
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ActiveAttempt>> ListOverdueAttemptsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyList<ActiveAttempt>>(
            state =>
            [
                .. state.Attempts.Select(attempt => attempt.Stored.Attempt)
                    .Where(attempt => attempt.Status is AttemptStatus.Running && DueAt(attempt) <= now)
                    .OrderBy(DueAt).Take(limit),
            ],
            cancellationToken);

    /// <inheritdoc />
    public Task<int> RestartLeasesAsync(DateTimeOffset until, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                var others = state.Attempts.Where(attempt => attempt.Status is AttemptStatus.Running && attempt.Stored.Attempt.LeaseExpiresAt != until).ToList();
                var workflows = state.Workflows;
                foreach (var attempt in others)
                {
                    var restarted = attempt with { Stored = attempt.Stored with { Attempt = attempt.Stored.Attempt with { LeaseExpiresAt = until } } };
                    workflows = workflows.SetItem(attempt.TaskId.WorkflowId, workflows[attempt.TaskId.WorkflowId].With(restarted));
                }

                return (state with { Workflows = workflows }, others.Count);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken) =>
        Read(
            state => new StoreCounts(
                state.Workflows.Values.CountBy(workflow => workflow.Stored.State.Status).ToDictionary(pair => pair.Key, pair => (long)pair.Value),
                state.Attempts.Where(attempt => !attempt.Status.IsOver())
                    .CountBy(attempt => (attempt.Stored.Attempt.AgentType, attempt.Status)).ToDictionary(pair => pair.Key, pair => (long)pair.Value)),
            cancellationToken);

    private static DateTimeOffset? DueAt(ActiveAttempt attempt) => attempt.Deadline < attempt.LeaseExpiresAt ? attempt.Deadline : attempt.LeaseExpiresAt;
}
