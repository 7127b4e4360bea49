using Stack.Contracts;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.Redis;

[Collection(RedisTests.Name)]
[NeedsServer("redis-server")]
public sealed class RedisEventBusTests(RedisServer server) : EventBusConformance
{
    private readonly List<RedisViews> _views = [];

    protected override async Task<(IEventBus Here, IEventBus There)> OpenAsync()
    {
        // Channels are the server's, not the database's; a prefix keeps the tests apart.
        var address = $"{server.OwnAddress()},channelPrefix={Guid.NewGuid():n}";
        for (var i = 0; i < 2; i++)
        {
            _views.Add(await RedisViews.OpenAsync(address));
            await _views[i].Events.StartAsync(CancellationToken.None);
        }

        return (_views[0].Events, _views[1].Events);
    }

    public override async Task DisposeAsync()
    {
        foreach (var views in _views)
        {
            await views.DisposeAsync();
        }
    }
}
