using System.Globalization;
using Microsoft.Extensions.Hosting;
using StackExchange.Redis;
using Stack.Contracts;

namespace Stack.Messaging.Redis;

/// <summary>Announces commits to other orchestrators over <c>orchestrator:events</c>, a hundred times a second at most, the highest id only.</summary>
internal sealed class RedisEventBus : BackgroundService, IEventBus
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(10);
    private readonly RedisLink _link;
    private readonly TimeProvider _time;
    private readonly SemaphoreSlim _announced = new(0, 1);
    private readonly Lock _lock = new();
    private readonly List<Action<long>> _subscribers = [];
    private long _last;
    private long _sent;

    public RedisEventBus(RedisLink link, TimeProvider time)
    {
        (_link, _time) = (link, time);
        link.OnArrival(ListenAsync);
    }

    public void Announce(long lastEventId)
    {
        if (Raise(ref _last, lastEventId))
        {
            Tell(lastEventId);
            Wake();
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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _announced.WaitAsync(stoppingToken);
                var last = Interlocked.Read(ref _last);
                if (Raise(ref _sent, last))
                {
                    _link.Send(database => database.PublishAsync(RedisNames.Events, last));
                }

                await Task.Delay(Pause, _time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // What was not said is found in the store.
        }
    }

    private Task ListenAsync(ConnectionMultiplexer connection) => connection.GetSubscriber().SubscribeAsync(RedisNames.Events, (_, value) => Hear(value));

    private void Hear(RedisValue value)
    {
        // What came from others is not said again.
        if (long.TryParse((string?)value, NumberStyles.None, CultureInfo.InvariantCulture, out var id) && Raise(ref _last, id))
        {
            Raise(ref _sent, id);
            Tell(id);
        }
    }

    private void Tell(long id)
    {
        lock (_lock)
        {
            foreach (var heard in _subscribers)
            {
                heard(id);
            }
        }
    }

    private void Wake()
    {
        try
        {
            _announced.Release();
        }
        catch (SemaphoreFullException)
        {
            // It is awake.
        }
    }

    private static bool Raise(ref long mark, long value)
    {
        while (true)
        {
            var before = Interlocked.Read(ref mark);
            if (value <= before)
            {
                return false;
            }

            if (Interlocked.CompareExchange(ref mark, value, before) == before)
            {
                return true;
            }
        }
    }

    private sealed class Subscription(RedisEventBus bus, Action<long> heard) : IDisposable
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
