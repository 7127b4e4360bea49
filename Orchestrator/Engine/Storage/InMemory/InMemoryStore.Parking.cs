using Stack.Contracts;

namespace Stack.Engine;

public sealed partial class InMemoryStore
{
    /// <inheritdoc />
    public Task<int> ParkAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken)
    {
        var wanted = tasks.ToHashSet();
        return Write(
            state =>
            {
                var (parked, attempts) = Hand([.. Of(state, wanted).Where(attempt => attempt.Waits && attempt.Node == node)], InMemoryAttempt.Parked, state);
                return (parked, attempts.Count);
            },
            cancellationToken);
    }

    /// <inheritdoc />
    public Task<IReadOnlyCollection<TaskId>> ListWaitingAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken) =>
        Read<IReadOnlyCollection<TaskId>>(
            state => [.. Of(state, tasks.ToHashSet()).Where(attempt => attempt.Waits && attempt.Node == node).Select(attempt => attempt.TaskId)], cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyCollection<TaskId>> ListOfferedAsync(int node, DateTimeOffset since, int limit, CancellationToken cancellationToken) =>
        Read<IReadOnlyCollection<TaskId>>(
            state =>
            [
                .. state.Attempts.Where(attempt => attempt.Status is AttemptStatus.Pending && attempt.Node == node)
                    .Select(attempt => attempt.Stored.Attempt).Where(attempt => attempt.CreatedAt < since && !(attempt.AvailableAt >= since)).Take(limit).Select(attempt => attempt.TaskId),
            ],
            cancellationToken);

    /// <inheritdoc />
    public Task<int> ParkAbandonedAsync(NodeRoll roll, int limit, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                var abandoned = state.Attempts
                    .Where(attempt => attempt.Waits && attempt.Node != InMemoryAttempt.Parked && attempt.Node <= roll.Highest && !roll.Living.Contains(attempt.Node))
                    .Take(limit).ToList();
                var (parked, attempts) = Hand(abandoned, InMemoryAttempt.Parked, state);
                return (parked, attempts.Count);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ActiveAttempt>> TakeParkedAsync(int node, string? agentType, DateTimeOffset now, TimeSpan horizon, int limit, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                var parked = state.Attempts
                    .Where(attempt => attempt.Waits && attempt.Node == InMemoryAttempt.Parked && (agentType is null || attempt.Stored.Attempt.AgentType == agentType))
                    .Where(attempt => attempt.Status is AttemptStatus.Dispatched ? !(attempt.Stored.Attempt.Deadline > now) : !(attempt.Stored.Attempt.AvailableAt > now + horizon))
                    .OrderByDescending(attempt => attempt.Stored.Attempt.Priority).ThenBy(attempt => attempt.Stored.Attempt.CreatedAt)
                    .Take(limit).ToList();
                return Hand(parked, node, state);
            },
            cancellationToken);

    private static IEnumerable<InMemoryAttempt> Of(InMemoryState state, HashSet<TaskId> tasks) =>
        tasks.Select(task => state.Workflows.GetValueOrDefault(task.WorkflowId)?.Attempts.GetValueOrDefault(task)).OfType<InMemoryAttempt>();

    private static (InMemoryState State, IReadOnlyList<ActiveAttempt> Attempts) Hand(List<InMemoryAttempt> attempts, int node, InMemoryState state)
    {
        var workflows = state.Workflows;
        foreach (var attempt in attempts)
        {
            workflows = workflows.SetItem(attempt.TaskId.WorkflowId, workflows[attempt.TaskId.WorkflowId].With(attempt with { Node = node }));
        }

        return (state with { Workflows = workflows }, attempts.ConvertAll(attempt => attempt.Stored.Attempt));
    }
}
