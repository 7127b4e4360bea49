using Microsoft.Extensions.Logging.Abstractions;
using Stack.Contracts;
using Stack.Engine;
using Stack.Messaging.Redis;
using StackExchange.Redis;

namespace Stack.Tests.Orchestrator.Messaging.Redis;

/// <summary>The live views of one orchestrator, in a database of their own.</summary>
internal sealed class RedisViews : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    private RedisViews(string address, TimeProvider time, TimeSpan heartbeat, IBacklog? backlog)
    {
        Options = new RedisOptions { Address = address, HeartbeatInterval = heartbeat };
        Link = new RedisLink(Options, TimeProvider.System, NullLogger<RedisLink>.Instance);
        Registry = new RedisAgentRegistry(new InMemoryAgentRegistry(time, heartbeat), Link, Options, time, NullLogger<RedisAgentRegistry>.Instance);
        Events = new RedisEventBus(Link, TimeProvider.System);
        Notices = new RedisResultNotices(Link, TimeProvider.System);
        Backlog = new RedisBacklog(backlog ?? new NoBacklog(), Link, Options, TimeProvider.System, new Random(), NullLogger<RedisBacklog>.Instance);
    }

    public RedisOptions Options { get; }

    public RedisLink Link { get; }

    public RedisAgentRegistry Registry { get; }

    public RedisEventBus Events { get; }

    public RedisResultNotices Notices { get; }

    public RedisBacklog Backlog { get; }

    /// <summary>Connects. Loops run only where a test starts them.</summary>
    public static async Task<RedisViews> OpenAsync(string address, TimeProvider? time = null, TimeSpan? heartbeat = null, IBacklog? backlog = null)
    {
        var views = new RedisViews(address, time ?? TimeProvider.System, heartbeat ?? TimeSpan.FromSeconds(5), backlog);
        await views.Link.StartAsync(None);
        await Eventually.TrueAsync(() => views.Link.Trouble is null, "Redis can be used.");
        return views;
    }

    public async Task<IDatabase> OperatorAsync() => (await ConnectionMultiplexer.ConnectAsync(Options.Address)).GetDatabase();

    public async ValueTask DisposeAsync()
    {
        await Link.StopAsync(None);
        foreach (var loop in (Microsoft.Extensions.Hosting.BackgroundService[])[Registry, Events, Notices, Backlog])
        {
            await loop.StopAsync(None);
            loop.Dispose();
        }

        Link.Dispose();
    }

    private sealed class NoBacklog : IBacklog
    {
        public Task<IReadOnlyList<WaitingTasks>> ReadAsync(int most, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<WaitingTasks>>([]);
    }
}
