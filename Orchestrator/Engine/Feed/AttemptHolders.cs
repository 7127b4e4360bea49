using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Who holds which attempt, in memory, and the way to tell an agent at once that it shall stop one. After a restart the agents' heartbeats fill it again.</summary>
internal sealed class AttemptHolders
{
    private readonly ConcurrentDictionary<TaskId, AgentId> _holders = new();
    private readonly ConcurrentDictionary<AgentId, Mailbox> _mailboxes = new();

    public AgentId? HolderOf(TaskId taskId) => _holders.TryGetValue(taskId, out var agent) ? agent : null;

    public void Hold(TaskId taskId, AgentId agentId) => _holders[taskId] = agentId;

    /// <summary>Takes an attempt for an agent unless another one holds it.</summary>
    /// <returns>Whether the agent holds it now.</returns>
    public bool TryHold(TaskId taskId, AgentId agentId) => _holders.GetOrAdd(taskId, agentId) == agentId;

    public void Release(TaskId taskId) => _holders.TryRemove(taskId, out _);

    public IReadOnlyList<TaskId> HeldBy(AgentId agentId) => [.. _holders.Where(pair => pair.Value == agentId).Select(pair => pair.Key)];

    /// <summary>Tells the holder of an attempt, if there is one, to stop it.</summary>
    public void Stop(TaskId taskId, string reason)
    {
        if (_holders.TryRemove(taskId, out var agent))
        {
            MailboxOf(agent).Post(new CancelEnvelope { TaskId = taskId, Reason = reason });
        }
    }

    /// <summary>Takes what an agent was to be told; waits for the first of it.</summary>
    public Task<IReadOnlyList<CancelEnvelope>> TakeStopsAsync(AgentId agentId, TimeSpan wait, TimeProvider time, CancellationToken cancellationToken) =>
        MailboxOf(agentId).TakeAsync(wait, time, cancellationToken);

    public void Forget(AgentId agentId) => _mailboxes.TryRemove(agentId, out _);

    private Mailbox MailboxOf(AgentId agentId) => _mailboxes.GetOrAdd(agentId, _ => new Mailbox());

    private sealed class Mailbox
    {
        private readonly Lock _lock = new();
        private List<CancelEnvelope> _posted = [];
        private TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Post(CancelEnvelope cancel)
        {
            TaskCompletionSource arrived;
            lock (_lock)
            {
                _posted.Add(cancel);
                arrived = _arrived;
            }

            arrived.TrySetResult();
        }

        public async Task<IReadOnlyList<CancelEnvelope>> TakeAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
        {
            Task arrival;
            lock (_lock)
            {
                arrival = _arrived.Task;
            }

            if (!arrival.IsCompleted && wait > TimeSpan.Zero)
            {
                try
                {
                    await arrival.WaitAsync(wait, time, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    return [];
                }
            }

            lock (_lock)
            {
                var taken = _posted;
                if (taken.Count > 0)
                {
                    _posted = [];
                    _arrived = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                }

                return taken;
            }
        }
    }
}
