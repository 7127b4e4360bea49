using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Cluster;

/// <summary>Engines on one store in memory, on one clock that the test moves. Whoever is not stopped by the test beats when the clock moves.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly List<TestEngine> _engines = [];
    private readonly List<TestEngine> _silent = [];

    public ManualTimeProvider Time { get; } = new();

    public InMemoryNodes Nodes { get; }

    public TestCluster() => Nodes = new InMemoryNodes(Time);

    /// <summary>Adds an engine.</summary>
    public async Task<TestEngine> AddAsync(string name, Action<EngineOptions>? configure = null, IClaimVerifier? verifier = null)
    {
        var engine = await TestEngine.StartAsync(
            _engines.FirstOrDefault(),
            options =>
            {
                options.NodeName = name;
                configure?.Invoke(options);
            },
            nodes: Nodes,
            time: Time,
            verifier: verifier);
        _engines.Add(engine);
        await BeatAsync();
        return engine;
    }

    /// <summary>Ends an engine without a goodbye: it is not heard of again.</summary>
    public void Kill(TestEngine engine) => _silent.Add(engine);

    /// <summary>Ends an engine as a host does that is told to stop.</summary>
    public async Task StopAsync(TestEngine engine)
    {
        _silent.Add(engine);
        await engine.StopAsync();
        await engine.Get<EngineRecovery>().StoppedAsync(None);
    }

    /// <summary>Lets a silent engine be heard of again.</summary>
    public void Return(TestEngine engine) => _silent.Remove(engine);

    /// <summary>Moves the clock; everybody who lives beats every second.</summary>
    public async Task PassAsync(TimeSpan time)
    {
        for (var passed = TimeSpan.Zero; passed < time; passed += TimeSpan.FromSeconds(1))
        {
            Time.Advance(TimeSpan.FromSeconds(1));
            await BeatAsync();
        }
    }

    /// <summary>One pass of the loops by which orchestrators notice each other.</summary>
    public async Task BeatAsync()
    {
        foreach (var engine in _engines.Except(_silent).ToList())
        {
            await engine.Get<NodeBeater>().RunOnceAsync(None);
        }
    }

    /// <summary>One pass of the loops that give away and take what is parked.</summary>
    public async Task ShareAsync()
    {
        foreach (var engine in _engines.Except(_silent).ToList())
        {
            await engine.Get<BacklogSharer>().RunOnceAsync(None);
        }

        foreach (var engine in _engines.Except(_silent).ToList())
        {
            await engine.Get<ParkedTaker>().RunOnceAsync(None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var engine in _engines)
        {
            await engine.DisposeAsync();
        }
    }
}
