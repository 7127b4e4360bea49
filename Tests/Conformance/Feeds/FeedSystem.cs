using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Conformance.Feeds;

/// <summary>A running engine and the way that agents reach it.</summary>
public sealed class FeedSystem : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly IHost _host;
    private readonly Func<ITaskFeed> _connect;
    private readonly List<FeedAgent> _agents = [];
    private int _number;

    private FeedSystem(IHost host, Func<IServiceProvider, ITaskFeed> connect)
    {
        _host = host;
        _connect = () => connect(host.Services);
        AgentType = $"noop{Random.Shared.Next():x8}";
    }

    /// <summary>An agent type that no other test uses: servers keep their queues.</summary>
    public string AgentType { get; }

    public IServiceProvider Services => _host.Services;

    public WorkflowEngine Engine => Services.GetRequiredService<WorkflowEngine>();

    public IWorkflowStore Store => Services.GetRequiredService<IWorkflowStore>();

    /// <summary>Starts a host that has an engine.</summary>
    /// <param name="host">The host.</param>
    /// <param name="connect">Makes an agent's feed.</param>
    public static async Task<FeedSystem> StartAsync(IHost host, Func<IServiceProvider, ITaskFeed> connect)
    {
        await host.StartAsync();
        return new FeedSystem(host, connect);
    }

    /// <summary>A host with the engine on a store in memory.</summary>
    /// <param name="store">The store. Null: a new one; give one to restart an engine.</param>
    /// <param name="add">What the host has beside the engine.</param>
    public static IHost EngineHost(IWorkflowStore? store = null, Action<IServiceCollection>? add = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Warning).AddSimpleConsole());
        var memory = store ?? new InMemoryStore();
        builder.Services.AddSingleton(memory);
        builder.Services.AddSingleton((IDefinitionStore)memory);
        builder.Services.AddSingleton<IAgentRegistry>(new InMemoryAgentRegistry(TimeProvider.System, TimeSpan.FromMinutes(1)));
        builder.Services.AddSingleton<IWorkspaces, FakeWorkspaces>();
        builder.Services.AddEngine();
        add?.Invoke(builder.Services);
        return builder.Build();
    }

    public static StageDefinition Stage(string name, params string[] needs) => Flow.Stage(name, needs) with { Workspace = false };

    /// <summary>Submits a workflow; its stages go to <see cref="AgentType"/> unless they name another type.</summary>
    public async Task<WorkflowId> SubmitAsync(Priority priority, params StageDefinition[] stages)
    {
        var definition = Flow.Define(null, [.. stages.Select(stage => stage.Agent == "noop" ? stage with { Agent = AgentType } : stage)]);
        var version = Guid.NewGuid().ToString("n");
        await Services.GetRequiredService<IDefinitionStore>().ApplyDefinitionAsync(new StoredDefinition(definition, version, "", false, DateTimeOffset.UtcNow), None);
        var header = new WorkflowHeader
        {
            Id = WorkflowId.New(TimeProvider.System),
            Name = "test",
            Type = "test",
            DefinitionName = definition.Name,
            DefinitionVersion = version,
            Priority = priority,
            Requirements = "Do it.",
            Traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            CreatedAt = DateTimeOffset.UtcNow,
        };
        Assert.IsType<SubmitOutcome.Accepted>(await Engine.SubmitAsync(new WorkflowSubmission { Definition = definition, Header = header }, None));
        return header.Id;
    }

    public Task<WorkflowId> SubmitAsync(params StageDefinition[] stages) => SubmitAsync(Priority.Medium, stages);

    /// <summary>Registers an agent.</summary>
    public async Task<FeedAgent> ConnectAsync(int slots = 1, string? agentType = null, AgentId? id = null)
    {
        var agent = new FeedAgent(_connect(), id ?? new AgentId($"{AgentType}-{++_number:x8}"), agentType ?? AgentType, slots);
        _agents.Add(agent);
        await agent.RegisterAsync();
        return agent;
    }

    public async Task<WorkflowState> StateAsync(WorkflowId id) => (await Store.LoadAsync([id], None)).Single().State;

    public async Task<StageState> StageAsync(WorkflowId id, string stage) => (await StateAsync(id)).Find(stage)!;

    public async Task<IReadOnlyList<StoredEvent>> EventsAsync(WorkflowId id) => await Store.ReadEventsAsync(id, 0, 10_000, None);

    public async Task WaitForAsync(WorkflowId id, WorkflowStatus status, double seconds = 30)
    {
        var events = "";
        await Eventually.TrueAsync(
            async () =>
            {
                events = string.Join(", ", (await EventsAsync(id)).Select(happened => $"{happened.Name} {happened.Stage}#{happened.Attempt}"));
                return (await StateAsync(id)).Status == status;
            },
            () => $"Workflow {id} is {status}. It had: {events}",
            TimeSpan.FromSeconds(seconds));
    }

    /// <summary>Stops the engine and leaves the agents.</summary>
    public async Task StopHostAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _host.StopAsync(limit.Token);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.DisposeAsync();
        }

        await StopHostAsync();
        await ((IAsyncDisposable)_host).DisposeAsync();
    }
}
