using Stack.Contracts;

namespace Stack.Messaging.InProcess;

/// <summary>Announces commits to the orchestrators of one process.</summary>
internal sealed class InProcessEventBus : IEventBus
{
    private readonly Lock _lock = new();
    private readonly List<Action<long>> _subscribers = [];
    private long _last;

    public void Announce(long lastEventId)
    {
        lock (_lock)
        {
            if (lastEventId <= _last)
            {
                return;
            }

            _last = lastEventId;
            foreach (var heard in _subscribers)
            {
                heard(lastEventId);
            }
        }
    }

    public IDisposable Subscribe(Action<long> heard)
    {
        lock (_lock)
        {
            _subscribers.Add(heard);
        }

        return new Subscription(this, heard);
    }

    private sealed class Subscription(InProcessEventBus bus, Action<long> heard) : IDisposable
    {
        public void Dispose()
        {
            lock (bus._lock)
            {
                bus._subscribers.Remove(heard);
            }
        }
    }
}
