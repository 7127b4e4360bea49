using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine;

/// <summary>The real engine on the store in memory, with a clock that the test moves. Loops make their passes when the test says so.</summary>
internal sealed class TestEngine : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly ServiceProvider _services;
    private readonly List<IHostedService> _running = [];

    private TestEngine(InMemoryStore memory, ManualTimeProvider time, FakeWorkspaces workspaces, INodeDirectory? nodes, IClaimVerifier? verifier, IApprovedEffects? effects, Action<EngineOptions>? configure)
    {
        (Memory, Time, Workspaces) = (memory, time, workspaces);
        Store = new WatchedStore(memory);
        Registry = new InMemoryAgentRegistry(time, TimeSpan.FromSeconds(5));
        var services = new ServiceCollection();
        if (nodes is not null)
        {
            services.AddSingleton(nodes);
        }

        if (verifier is not null)
        {
            services.AddSingleton(verifier);
        }

        if (effects is not null)
        {
            services.AddSingleton(effects);
        }

        _services = services
            .AddLogging()
            .AddSingleton<TimeProvider>(time)
            .AddSingleton<IWorkflowStore>(Store)
            .AddSingleton<IDefinitionStore>(memory)
            .AddSingleton<IAgentRegistry>(Registry)
            .AddSingleton<IWorkspaces>(workspaces)
            .AddSingleton<IDispatchListener>(Ended)
            .AddEngine(configure)
            .BuildServiceProvider();
    }

    public InMemoryStore Memory { get; }

    public WatchedStore Store { get; }

    public ManualTimeProvider Time { get; }

    public FakeWorkspaces Workspaces { get; }

    public IAgentRegistry Registry { get; }

    /// <summary>The attempts of which it was told that they ended.</summary>
    public EndedAttempts Ended { get; } = new();

    public WorkflowEngine Engine => Get<WorkflowEngine>();

    public ITaskFeed Feed => Get<ITaskFeed>();

    public Committer Committer => Get<Committer>();

    /// <summary>A new engine. Give the store, the clock and the workspaces of another one to restart it, or to run two side by side.</summary>
    public static async Task<TestEngine> StartAsync(
        TestEngine? after = null, Action<EngineOptions>? configure = null, bool committing = true, INodeDirectory? nodes = null, ManualTimeProvider? time = null, IClaimVerifier? verifier = null, IApprovedEffects? effects = null)
    {
        var engine = new TestEngine(after?.Memory ?? new InMemoryStore(), time ?? after?.Time ?? new ManualTimeProvider(), after?.Workspaces ?? new FakeWorkspaces(), nodes, verifier, effects, configure);
        await engine.Get<EngineRecovery>().StartingAsync(None);
        await engine.RunAsync<WorkspaceAdvancer>();
        if (committing)
        {
            await engine.RunAsync<Committer>();
        }

        return engine;
    }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    /// <summary>Starts a background service of the engine.</summary>
    public async Task RunAsync<T>()
        where T : IHostedService
    {
        var service = Get<T>();
        await service.StartAsync(None);
        _running.Add(service);
    }

    /// <summary>Stops what runs, in the order of a host that stops.</summary>
    public async Task StopAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        for (var i = _running.Count - 1; i >= 0; i--)
        {
            await _running[i].StopAsync(patience.Token);
        }

        _running.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        Store.ComeBack();
        await StopAsync();
        await _services.DisposeAsync();
    }

    /// <summary>Applies a definition of some stages and submits a workflow of it.</summary>
    public async Task<WorkflowId> SubmitAsync(params StageDefinition[] stages) => Assert.IsType<SubmitOutcome.Accepted>(await TrySubmitAsync(null, stages)).Workflow.Header.Id;

    public async Task<SubmitOutcome> TrySubmitAsync(Func<WorkflowSubmission, WorkflowSubmission>? change, params StageDefinition[] stages) =>
        await Engine.SubmitAsync(await SubmissionAsync(change, stages), None);

    public async Task<WorkflowSubmission> SubmissionAsync(Func<WorkflowSubmission, WorkflowSubmission>? change, params StageDefinition[] stages)
    {
        var definition = Flow.Define(null, stages);
        var version = string.Join(',', stages.Select(stage => $"{stage.Name}:{string.Join('+', stage.Needs)}:{stage.Agent}:{stage.Timeout}:{stage.Approval is not null}:{stage.Accept.Count}"));
        var submission = new WorkflowSubmission
        {
            Definition = definition,
            Header = new WorkflowHeader { Id = WorkflowId.New(Time), Name = "test", Type = "test", DefinitionName = "test", DefinitionVersion = version, CreatedAt = Time.GetUtcNow() },
        };
        submission = change?.Invoke(submission) ?? submission;
        await Memory.ApplyDefinitionAsync(new StoredDefinition(submission.Definition, version, "", false, Time.GetUtcNow()), None);
        return submission;
    }

    /// <summary>Takes what can be taken now.</summary>
    public Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(string agent = "noop-1", int most = 1, string type = "noop", int waitMs = 0) =>
        Feed.ClaimAsync(new TaskClaim { AgentId = new AgentId(agent), AgentType = type, MaxTasks = most, WaitMs = waitMs }, None);

    public async Task<ResultReceipt> ReportAsync(TaskId task, StageOutcome? outcome = null, string? commit = null, string agent = "noop-1") =>
        (await Feed.ReportAsync([Result(task, outcome, commit, agent)], None))[0];

    public static ResultEnvelope Result(TaskId task, StageOutcome? outcome = null, string? commit = null, string agent = "noop-1") => new()
    {
        TaskId = task,
        AgentId = new AgentId(agent),
        Outcome = outcome ?? new StageOutcome.Completed(),
        Change = commit is null ? null : new WorkspaceChange { Commit = commit },
    };

    public Task<HeartbeatReply> HeartbeatAsync(int waitMs, params TaskId[] running) => HeartbeatAsync("noop-1", waitMs, running);

    public Task<HeartbeatReply> HeartbeatAsync(string agent, int waitMs, params TaskId[] running) =>
        Feed.HeartbeatAsync(new AgentHeartbeat { AgentId = new AgentId(agent), Running = running, WaitMs = waitMs }, None);

    public Task RegisterAsync(string agent = "noop-1") =>
        Feed.RegisterAsync(new AgentRegistration { AgentId = new AgentId(agent), AgentType = "noop", Version = "1" }, None);

    /// <summary>Waits until what was handed to the committer before is written.</summary>
    public async Task SettleAsync()
    {
        // Inputs about nothing: the second is taken after the batch of the first was written.
        for (var i = 0; i < 2; i++)
        {
            await Committer.SubmitAsync(new CommitItem(WorkflowId.New(Time), new WorkflowInput.Tick { At = Time.GetUtcNow() }), None);
        }
    }

    /// <summary>Lets the linger time pass, and waits until leases and notes are written.</summary>
    public async Task FlushAsync()
    {
        Time.Advance(Get<Microsoft.Extensions.Options.IOptions<EngineOptions>>().Value.LingerDuration);
        await SettleAsync();
    }

    public async Task<WorkflowState> StateAsync(WorkflowId id) => (await Memory.LoadAsync([id], None)).Single().State;

    public async Task<StoredAttempt> AttemptAsync(TaskId id) => await Memory.FindAttemptAsync(id, None) ?? throw new InvalidOperationException($"There is no attempt {id}.");

    public async Task<IReadOnlyList<string>> EventsAsync(WorkflowId id) => [.. (await Memory.ReadEventsAsync(id, 0, 10_000, None)).Select(happened => happened.Name)];
}
