using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The claims that wait here for their checks, and those that are being checked. In memory only: what a crash takes with it is in the store as attempts that are being verified. Thread-safe.</summary>
internal sealed class ClaimBoard
{
    private readonly Lock _lock = new();
    private readonly HashSet<TaskId> _waiting = [];
    private readonly Dictionary<TaskId, CancellationTokenSource> _running = [];
    private Action? _posted;

    /// <summary>Who is told when a claim comes.</summary>
    public void OnPosted(Action posted) => _posted = posted;

    /// <summary>A claim waits. Idempotent, also while it is being checked.</summary>
    public void Post(TaskId claim)
    {
        lock (_lock)
        {
            if (_running.ContainsKey(claim) || !_waiting.Add(claim))
            {
                return;
            }
        }

        _posted?.Invoke();
    }

    /// <summary>A claim needs no check any more: whatever checks it is told to stop.</summary>
    public void Settled(TaskId claim)
    {
        lock (_lock)
        {
            _waiting.Remove(claim);
            if (_running.TryGetValue(claim, out var stop))
            {
                stop.Cancel();
            }
        }
    }

    /// <summary>Forgets what waits: somebody else looks after it.</summary>
    public void Forget()
    {
        lock (_lock)
        {
            _waiting.Clear();
        }
    }

    /// <summary>The claims that wait.</summary>
    public IReadOnlyList<TaskId> Waiting()
    {
        lock (_lock)
        {
            return _waiting.Count == 0 ? [] : [.. _waiting];
        }
    }

    /// <summary>The claims that are being checked.</summary>
    public IReadOnlyList<TaskId> Running()
    {
        lock (_lock)
        {
            return _running.Count == 0 ? [] : [.. _running.Keys];
        }
    }

    /// <summary>Takes a claim that waits.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="most">How many may be checked at once.</param>
    /// <param name="stop">Ends the checks when it is settled.</param>
    /// <returns>False: it does not wait any more, or there is no room.</returns>
    public bool TryBegin(TaskId claim, int most, CancellationTokenSource stop)
    {
        lock (_lock)
        {
            return _running.Count < most && _waiting.Remove(claim) && _running.TryAdd(claim, stop);
        }
    }

    /// <summary>A claim is no longer being checked.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="again">Whether it waits again.</param>
    public void End(TaskId claim, bool again)
    {
        lock (_lock)
        {
            _running.Remove(claim);
            if (again)
            {
                _waiting.Add(claim);
            }
        }
    }
}
