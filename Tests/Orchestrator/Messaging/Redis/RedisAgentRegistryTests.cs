using System.Text.Json;
using Stack.Contracts;
using Stack.Messaging.Redis;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.Redis;

/// <summary>The registry of the orchestrator that the agents talk to.</summary>
[Collection(RedisTests.Name)]
[NeedsServer("redis-server")]
public sealed class RedisAgentRegistryTests(RedisServer server) : AgentRegistryConformance
{
    private RedisViews? _views;

    protected override async Task<IAgentRegistry> OpenAsync()
    {
        _views = await RedisViews.OpenAsync(server.OwnAddress(), Time, HeartbeatInterval);
        await _views.Registry.StartAsync(CancellationToken.None);
        return _views.Registry;
    }

    public override async Task DisposeAsync() => await _views!.DisposeAsync();
}

/// <summary>The registry as another orchestrator sees it, through Redis.</summary>
[Collection(RedisTests.Name)]
[NeedsServer("redis-server")]
public sealed class RedisAgentRegistryElsewhereTests(RedisServer server) : AgentRegistryConformance
{
    private RedisViews? _here;
    private RedisViews? _there;

    protected override async Task<IAgentRegistry> OpenAsync()
    {
        var address = server.OwnAddress();
        _here = await RedisViews.OpenAsync(address, Time, HeartbeatInterval);
        _there = await RedisViews.OpenAsync(address, Time, HeartbeatInterval);
        return new Pair(_here.Registry, _there.Registry);
    }

    public override async Task DisposeAsync()
    {
        await _here!.DisposeAsync();
        await _there!.DisposeAsync();
    }

    private sealed class Pair(RedisAgentRegistry here, RedisAgentRegistry there) : IAgentRegistry
    {
        public Task RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken) => here.RegisterAsync(registration, cancellationToken);

        public Task<bool> TouchAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken) => here.TouchAsync(heartbeat, cancellationToken);

        public Task RemoveAsync(AgentId agentId, CancellationToken cancellationToken) => here.RemoveAsync(agentId, cancellationToken);

        public async Task<IReadOnlyList<AgentResource>> ListAsync(CancellationToken cancellationToken)
        {
            await here.RunOnceAsync(full: true, cancellationToken);
            await there.RunOnceAsync(full: true, cancellationToken);
            return await there.ListAsync(cancellationToken);
        }
    }
}

/// <summary>What operators see, and what failures do to it.</summary>
[Collection(RedisTests.Name)]
[NeedsServer("redis-server")]
public sealed class RedisRegistryViewTests(RedisServer server)
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly AgentId Id = new("scaffold-00000001");
    private static readonly AgentRegistration Scaffold = new() { AgentId = Id, AgentType = "scaffold", Version = "1.0.0", Capabilities = ["dotnet"] };

    [ServerFact]
    public async Task Registered_HgetallAgentRegistry_ShowsTheAgent()
    {
        await using var views = await RedisViews.OpenAsync(server.OwnAddress());
        await views.Registry.RegisterAsync(Scaffold, None);
        Assert.Equal(1, await views.Registry.RunOnceAsync(full: false, None));
        var redis = await views.OperatorAsync();
        var entry = Assert.Single(await redis.HashGetAllAsync("agent:registry"));
        using var json = JsonDocument.Parse((string)entry.Value!);
        Assert.Equal(("scaffold-00000001", "scaffold", "1.0.0", "online"), ((string?)entry.Name, Text("agent_type"), Text("version"), Text("status")));
        Assert.True(json.RootElement.GetProperty("last_heartbeat").GetDateTimeOffset() > DateTimeOffset.UtcNow.AddMinutes(-1));
        Assert.InRange((await redis.KeyTimeToLiveAsync("agent:heartbeat:scaffold-00000001"))!.Value, TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(15));

        string? Text(string name) => json.RootElement.GetProperty(name).GetString();
    }

    [ServerFact]
    public async Task Flushed_NextPass_EverythingIsThereAgain()
    {
        await using var views = await RedisViews.OpenAsync(server.OwnAddress());
        await views.Registry.StartAsync(None);
        await views.Registry.RegisterAsync(Scaffold, None);
        var redis = await views.OperatorAsync();
        await Eventually.TrueAsync(async () => await redis.HashLengthAsync("agent:registry") == 1, "The agent is in Redis.");
        await redis.ExecuteAsync("FLUSHDB");
        await Eventually.TrueAsync(async () => await redis.HashLengthAsync("agent:registry") == 1, "The agent is in Redis again.");
        Assert.Single(await views.Registry.ListAsync(None));
    }

    [ServerFact]
    public async Task OrchestratorAndAgentGone_HeartbeatExpires_OthersShowItOffline()
    {
        var address = server.OwnAddress();
        await using var there = await RedisViews.OpenAsync(address);
        await using (var here = await RedisViews.OpenAsync(address, heartbeat: TimeSpan.FromMilliseconds(300)))
        {
            await here.Registry.RegisterAsync(Scaffold, None);
            await here.Registry.RunOnceAsync(full: true, None);
        }

        await there.Registry.RunOnceAsync(full: true, None);
        Assert.Equal(AgentStatus.Online, Assert.Single(await there.Registry.ListAsync(None)).Status);
        await there.Registry.StartAsync(None);
        await Eventually.TrueAsync(async () => (await there.Registry.ListAsync(None)).Single().Status is AgentStatus.Offline, "The agent is offline.");
    }

    [ServerFact]
    public async Task Entry_Garbage_IsLeftAloneAndHarmsNobody()
    {
        await using var views = await RedisViews.OpenAsync(server.OwnAddress());
        await (await views.OperatorAsync()).HashSetAsync("agent:registry", "mine", "not json");
        await views.Registry.RegisterAsync(Scaffold, None);
        Assert.Equal(1, await views.Registry.RunOnceAsync(full: true, None));
        Assert.Single(await views.Registry.ListAsync(None));
    }
}
