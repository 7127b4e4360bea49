using System.Collections.Concurrent;
using Stack.Contracts;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IEventBus"/> promises, between two orchestrators, for every adapter.</summary>
public abstract class EventBusConformance : IAsyncLifetime
{
    private IEventBus? _here;
    private IEventBus? _there;

    /// <summary>Connects two orchestrators.</summary>
    protected abstract Task<(IEventBus Here, IEventBus There)> OpenAsync();

    public async Task InitializeAsync() => (_here, _there) = await OpenAsync();

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [ServerFact]
    public async Task Announce_Higher_IsHeardHereAndThere()
    {
        var (here, there) = (Listen(_here!), Listen(_there!));
        _here!.Announce(7);
        await HeardAsync(here, 7);
        await HeardAsync(there, 7);
    }

    [ServerFact]
    public async Task Announce_BothWays_IsHeardThere()
    {
        var (here, there) = (Listen(_here!), Listen(_there!));
        _here!.Announce(1);
        await HeardAsync(there, 1);
        _there!.Announce(2);
        await HeardAsync(here, 2);
    }

    [ServerFact]
    public async Task Announce_Many_TheLastIsHeardAndNoneFallsBack()
    {
        var there = Listen(_there!);
        for (var id = 1; id <= 2000; id++)
        {
            _here!.Announce(id);
        }

        await HeardAsync(there, 2000);
        Assert.Equal(there.Order(), there);
    }

    [ServerFact]
    public async Task Subscribe_Disposed_HearsNoMore()
    {
        var gone = new ConcurrentQueue<long>();
        _there!.Subscribe(gone.Enqueue).Dispose();
        var there = Listen(_there!);
        _here!.Announce(3);
        await HeardAsync(there, 3);
        Assert.Empty(gone);
    }

    private static ConcurrentQueue<long> Listen(IEventBus bus)
    {
        var heard = new ConcurrentQueue<long>();
        bus.Subscribe(heard.Enqueue);
        return heard;
    }

    private static Task HeardAsync(ConcurrentQueue<long> heard, long id) => Eventually.TrueAsync(() => heard.Contains(id), $"{id} is heard.");
}
