using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Who holds which attempt, in memory, and the way to tell an agent at once that it shall stop one. After a restart the agents' heartbeats fill it again.</summary>
internal sealed class AttemptHolders
{
    private readonly ConcurrentDictionary<TaskId, Holder> _holders = new();
    private readonly Lock _lock = new();
    private readonly Dictionary<AgentId, List<Watch>> _watches = [];

    public int Count => _holders.Count;

    public AgentId? HolderOf(TaskId taskId) => _holders.TryGetValue(taskId, out var holder) ? holder.AgentId : null;

    /// <summary>Notes that the holder of an attempt begins it, for the first time or again.</summary>
    public void NoteStart(TaskId taskId)
    {
        while (_holders.TryGetValue(taskId, out var holder) && !_holders.TryUpdate(taskId, holder with { Starts = holder.Starts + 1 }, holder))
        {
            // Somebody else wrote; look again.
        }
    }

    /// <summary>How often the holder of an attempt began it. 0: nobody holds it.</summary>
    public int StartsOf(TaskId taskId) => _holders.TryGetValue(taskId, out var holder) ? holder.Starts : 0;

    public void Hold(TaskId taskId, AgentId agentId, DateTimeOffset now) => _holders[taskId] = new Holder(agentId, now, now);

    /// <summary>Takes an attempt for an agent unless another one holds it.</summary>
    /// <param name="taskId">The attempt.</param>
    /// <param name="agentId">The agent.</param>
    /// <param name="now">The present.</param>
    /// <param name="began">Whether the agent did not hold it before.</param>
    /// <returns>Whether the agent holds it now.</returns>
    public bool TryHold(TaskId taskId, AgentId agentId, DateTimeOffset now, out bool began)
    {
        var mine = new Holder(agentId, now, now);
        while (true)
        {
            began = _holders.TryAdd(taskId, mine);
            if (began)
            {
                return true;
            }

            if (_holders.TryGetValue(taskId, out var holder) && (holder.AgentId != agentId || holder.Seen >= now || _holders.TryUpdate(taskId, holder with { Seen = now }, holder)))
            {
                return holder.AgentId == agentId;
            }
        }
    }

    /// <summary>Forgets what agents hold of whom nothing was heard since a time: their leases are over, or they talk to another orchestrator.</summary>
    /// <returns>How many were forgotten.</returns>
    public int Forget(DateTimeOffset since)
    {
        var forgotten = 0;
        foreach (var pair in _holders)
        {
            forgotten += pair.Value.Seen < since && _holders.TryRemove(pair) ? 1 : 0;
        }

        return forgotten;
    }

    public void Release(TaskId taskId) => _holders.TryRemove(taskId, out _);

    public IReadOnlyList<TaskId> HeldBy(AgentId agentId) => [.. _holders.Where(pair => pair.Value.AgentId == agentId).Select(pair => pair.Key)];

    /// <summary>What has been held for some time.</summary>
    public IEnumerable<TaskId> HeldSince(DateTimeOffset since) => _holders.Where(pair => pair.Value.Began <= since).Select(pair => pair.Key);

    public IReadOnlyList<TaskId> HeldOf(WorkflowId workflowId) => [.. _holders.Keys.Where(taskId => taskId.WorkflowId == workflowId)];

    /// <summary>Tells the holder of an attempt, if there is one, to stop it. When it does not listen now it learns it from its next heartbeat, which names what it holds.</summary>
    public void Stop(TaskId taskId, string reason)
    {
        if (!_holders.TryRemove(taskId, out var holder))
        {
            return;
        }

        lock (_lock)
        {
            foreach (var watch in _watches.GetValueOrDefault(holder.AgentId) ?? [])
            {
                watch.Post(new CancelEnvelope { TaskId = taskId, Reason = reason });
            }
        }
    }

    /// <summary>Listens for what an agent is told to stop, from now until the watch is disposed.</summary>
    public Watch Listen(AgentId agentId)
    {
        var watch = new Watch(this, agentId);
        lock (_lock)
        {
            if (!_watches.TryGetValue(agentId, out var watches))
            {
                _watches.Add(agentId, watches = []);
            }

            watches.Add(watch);
        }

        return watch;
    }

    /// <summary>Whether a heartbeat of an agent listens now.</summary>
    public bool HasListener(AgentId agentId)
    {
        lock (_lock)
        {
            return _watches.ContainsKey(agentId);
        }
    }

    private void End(Watch watch)
    {
        lock (_lock)
        {
            if (_watches.TryGetValue(watch.AgentId, out var watches) && watches.Remove(watch) && watches.Count == 0)
            {
                _watches.Remove(watch.AgentId);
            }
        }
    }

    private readonly record struct Holder(AgentId AgentId, DateTimeOffset Began, DateTimeOffset Seen, int Starts = 0);

    /// <summary>One heartbeat that listens.</summary>
    internal sealed class Watch(AttemptHolders holders, AgentId agentId) : IDisposable
    {
        private readonly Lock _lock = new();
        private readonly List<CancelEnvelope> _posted = [];
        private readonly TaskCompletionSource _arrived = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public AgentId AgentId { get; } = agentId;

        public void Post(CancelEnvelope cancel)
        {
            lock (_lock)
            {
                _posted.Add(cancel);
            }

            _arrived.TrySetResult();
        }

        /// <summary>Waits for the first stop; gives what came until then.</summary>
        public async Task<IReadOnlyList<CancelEnvelope>> TakeAsync(TimeSpan wait, TimeProvider time, CancellationToken cancellationToken)
        {
            if (wait > TimeSpan.Zero && !_arrived.Task.IsCompleted)
            {
                try
                {
                    await _arrived.Task.WaitAsync(wait, time, cancellationToken).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    // Nothing is the usual answer; what came in this moment is given all the same.
                }
            }

            lock (_lock)
            {
                return [.. _posted];
            }
        }

        public void Dispose() => holders.End(this);
    }
}
