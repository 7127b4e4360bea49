namespace Stack.Engine;

/// <summary>Tells readers of the event log that there may be more. It carries no events: readers take them from the store, so that none is missed and none comes twice.</summary>
public sealed class EventSignal
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _lastEventId;
    private bool _isAwaited;

    /// <summary>Whether somebody may be waiting.</summary>
    internal bool IsAwaited
    {
        get
        {
            lock (_lock)
            {
                return _isAwaited;
            }
        }
    }

    /// <summary>The highest id that was said so far; 0 before the first.</summary>
    public long LastEventId
    {
        get
        {
            lock (_lock)
            {
                return _lastEventId;
            }
        }
    }

    /// <summary>Says that events up to an id are in the store.</summary>
    /// <param name="lastEventId">The id.</param>
    public void Set(long lastEventId)
    {
        TaskCompletionSource reached;
        lock (_lock)
        {
            if (lastEventId <= _lastEventId)
            {
                return;
            }

            _lastEventId = lastEventId;
            _isAwaited = false;
            reached = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.TrySetResult();
    }

    /// <summary>Says that there may be events of whose ids nobody was told.</summary>
    public void Wake()
    {
        TaskCompletionSource reached;
        lock (_lock)
        {
            _isAwaited = false;
            reached = _next;
            _next = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        reached.TrySetResult();
    }

    /// <summary>Returns when an event with a higher id may be in the store.</summary>
    /// <param name="afterEventId">The last id that the reader has seen.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task WaitAsync(long afterEventId, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_lastEventId > afterEventId)
            {
                return Task.CompletedTask;
            }

            _isAwaited = true;
            return _next.Task.WaitAsync(cancellationToken);
        }
    }
}
