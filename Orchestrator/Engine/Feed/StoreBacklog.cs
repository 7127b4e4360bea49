using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Reads what waits for agents from the store.</summary>
internal sealed class StoreBacklog(IWorkflowStore store) : IBacklog
{
    private static readonly AttemptStatus[] Waiting = [AttemptStatus.Dispatched, AttemptStatus.Pending];

    public async Task<IReadOnlyList<WaitingTasks>> ReadAsync(int most, CancellationToken cancellationToken)
    {
        var counts = await store.CountAsync(cancellationToken).ConfigureAwait(false);
        var waiting = new List<WaitingTasks>();
        foreach (var type in counts.Attempts.Where(pair => Waiting.Contains(pair.Key.Status) && pair.Value > 0).GroupBy(pair => pair.Key.AgentType, StringComparer.Ordinal))
        {
            var tasks = new List<TaskId>();
            foreach (var status in Waiting.Where(status => tasks.Count < most && type.Any(pair => pair.Key.Status == status)))
            {
                var query = new AttemptQuery { AgentType = type.Key, Status = status, Limit = Math.Clamp(most - tasks.Count, 1, 1000) };
                tasks.AddRange((await store.ListAttemptsAsync(query, cancellationToken).ConfigureAwait(false)).Select(attempt => attempt.Attempt.TaskId));
            }

            waiting.Add(new WaitingTasks(type.Key, type.Sum(pair => pair.Value), tasks));
        }

        return waiting;
    }
}
