using Stack.Contracts;
using Stack.Tests.Servers;

namespace Stack.Tests.Conformance;

/// <summary>What <see cref="IAgentRegistry"/> promises, for every adapter.</summary>
public abstract class AgentRegistryConformance : IAsyncLifetime
{
    protected static readonly TimeSpan HeartbeatInterval = TimeSpan.FromSeconds(10);

    private static readonly AgentId Id = new("scaffold-00000001");

    private IAgentRegistry? _registry;

    /// <summary>The clock of the registry; moved by the tests.</summary>
    protected ManualTime Time { get; } = new(Writes.Now);

    private IAgentRegistry Registry => _registry ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Opens an empty registry with <see cref="Time"/> and <see cref="HeartbeatInterval"/>.</summary>
    protected abstract Task<IAgentRegistry> OpenAsync();

    public async Task InitializeAsync() => _registry = await OpenAsync();

    public virtual Task DisposeAsync() => Task.CompletedTask;

    [ServerFact]
    public async Task Register_New_IsListedOnlineAsItSaid()
    {
        var registration = Make(Id) with { Capabilities = ["dotnet"], Resources = new AgentResources { CpuCores = 2, MemoryMb = 512, Gpus = ["g"] }, Host = "here", Pid = 7 };
        await Registry.RegisterAsync(registration, CancellationToken.None);
        var expected = new AgentResource
        {
            AgentId = Id,
            AgentType = "scaffold",
            Version = "1.0.0",
            Capabilities = ["dotnet"],
            Resources = registration.Resources,
            Status = AgentStatus.Online,
            MaxConcurrency = 2,
            Host = "here",
            Pid = 7,
            RegisteredAt = Writes.Now,
            LastHeartbeat = Writes.Now,
        };
        Writes.Same(expected, await OneAsync());
    }

    [ServerFact]
    public async Task Register_Again_ReplacesAndIsOnlineAsOfNow()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        await Registry.RemoveAsync(Id, CancellationToken.None);
        Time.Advance(TimeSpan.FromHours(1));
        await Registry.RegisterAsync(Make(Id) with { Version = "2.0.0" }, CancellationToken.None);
        var agent = await OneAsync();
        Assert.Equal(("2.0.0", AgentStatus.Online, Time.GetUtcNow()), (agent.Version, agent.Status, agent.RegisteredAt));
    }

    [ServerFact]
    public async Task Touch_Known_ShowsWhatTheHeartbeatSays()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        Time.Advance(TimeSpan.FromSeconds(5));
        var task = new TaskId(Writes.NextId(), "build", 1);
        var sign = new AgentHeartbeat { AgentId = Id, Running = [task], Health = AgentHealth.Degraded, TasksProcessed = 9, Errors = 6 };
        Assert.True(await Registry.TouchAsync(sign, CancellationToken.None));
        var agent = await OneAsync();
        Assert.Equal([task], agent.Running);
        Assert.Equal((AgentStatus.Online, AgentHealth.Degraded, 9L, 6L), (agent.Status, agent.Health, agent.TasksProcessed, agent.Errors));
        Assert.Equal((Time.GetUtcNow(), Writes.Now), (agent.LastHeartbeat, agent.RegisteredAt));
    }

    [ServerFact]
    public async Task Touch_AllSlotsTaken_IsBusy()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        var running = Enumerable.Range(1, 2).Select(attempt => new TaskId(Writes.NextId(), "build", attempt)).ToList();
        await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id, Running = running }, CancellationToken.None);
        Assert.Equal(AgentStatus.Busy, (await OneAsync()).Status);
    }

    [ServerFact]
    public async Task Touch_Draining_IsDraining()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id, Status = AgentStatus.Draining }, CancellationToken.None);
        Assert.Equal(AgentStatus.Draining, (await OneAsync()).Status);
    }

    [ServerFact]
    public async Task Touch_Unknown_IsFalseAndAddsNothing()
    {
        Assert.False(await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id }, CancellationToken.None));
        Assert.Empty(await Registry.ListAsync(CancellationToken.None));
    }

    [ServerFact]
    public async Task List_ThreeHeartbeatsMissed_IsOfflineUntilTheNext()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        Time.Advance(HeartbeatInterval * 3);
        Assert.Equal(AgentStatus.Online, (await OneAsync()).Status);
        Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(AgentStatus.Offline, (await OneAsync()).Status);
        Assert.True(await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id }, CancellationToken.None));
        Assert.Equal(AgentStatus.Online, (await OneAsync()).Status);
    }

    [ServerFact]
    public async Task List_ADayWithoutASign_IsForgotten()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        Time.Advance(TimeSpan.FromHours(23));
        Assert.Equal(AgentStatus.Offline, (await OneAsync()).Status);
        Time.Advance(TimeSpan.FromHours(1));
        Assert.Empty(await Registry.ListAsync(CancellationToken.None));
        Assert.False(await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id }, CancellationToken.None));
    }

    [ServerFact]
    public async Task Remove_Known_IsOfflineAndMustRegisterAgain()
    {
        await Registry.RegisterAsync(Make(Id), CancellationToken.None);
        await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id, Running = [new TaskId(Writes.NextId(), "build", 1)] }, CancellationToken.None);
        await Registry.RemoveAsync(Id, CancellationToken.None);
        await Registry.RemoveAsync(Id, CancellationToken.None);
        var agent = await OneAsync();
        Assert.Equal(AgentStatus.Offline, agent.Status);
        Assert.Empty(agent.Running);
        Assert.False(await Registry.TouchAsync(new AgentHeartbeat { AgentId = Id }, CancellationToken.None));
    }

    [ServerFact]
    public async Task Remove_Unknown_IsASuccess() => await Registry.RemoveAsync(Id, CancellationToken.None);

    [ServerFact]
    public async Task List_Several_GivesThemByTypeAndId()
    {
        foreach (var (type, digits) in new[] { ("scaffold", "2"), ("e2e", "9"), ("scaffold", "1") })
        {
            await Registry.RegisterAsync(Make(new AgentId($"{type}-{digits}"), type), CancellationToken.None);
        }

        Assert.Equal(["e2e-9", "scaffold-1", "scaffold-2"], (await Registry.ListAsync(CancellationToken.None)).Select(agent => agent.AgentId.Value));
    }

    private static AgentRegistration Make(AgentId id, string type = "scaffold") => new() { AgentId = id, AgentType = type, Version = "1.0.0", MaxConcurrency = 2 };

    private async Task<AgentResource> OneAsync() => Assert.Single(await Registry.ListAsync(CancellationToken.None));
}

/// <summary>A clock that only tests move.</summary>
public sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private DateTimeOffset _now = now;

    public override DateTimeOffset GetUtcNow() => _now;

    public void Advance(TimeSpan by) => _now += by;
}
