using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging.Abstractions;
using RabbitMQ.Client;
using Stack.Contracts;
using Stack.Messaging.RabbitMq;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>A broker that is there and does not do what it should: stands still, takes nothing, has lost a queue.</summary>
[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
public sealed class BrokerTroubleTests(RabbitMqServer server)
{
    private static readonly TimeSpan Detection = TimeSpan.FromSeconds(5);

    [ServerFact]
    public async Task Paused_SubmissionsAreAcceptedAndHealthSaysSo_MadeWhenItReturns()
    {
        await using var host = await OrchestratorHost.StartAsync("ConnectionStrings:rabbitmq=" + server.Address);
        var definition = await host.DefineAsync(1);
        await Eventually.TrueAsync(async () => await HealthAsync(host) is ("healthy", _), () => "RabbitMQ is healthy.", TimeSpan.FromSeconds(20));
        var agent = new FeedAgent(Feed(host), AgentId.New(definition, Random.Shared), definition, slots: 2);
        await agent.RegisterAsync();
        using var stop = new CancellationTokenSource();
        WorkflowResource workflow;
        server.Pause();
        try
        {
            await Eventually.TrueAsync(
                async () => await HealthAsync(host) is ("degraded", { } message) && message.Contains("RabbitMQ", StringComparison.Ordinal), () => "Health is degraded and names RabbitMQ.", Detection);
            workflow = await host.SubmitAsync(definition);
        }
        finally
        {
            server.Resume();
        }

        var working = Task.WhenAll(agent.WorkAsync(1, null, stop.Token), BeatAsync(agent, stop.Token));
        await host.UntilAsync(workflow.Id, shown => shown.Status is WorkflowStatus.Completed, "It is completed");
        await Eventually.TrueAsync(async () => await HealthAsync(host) is ("healthy", _), () => "RabbitMQ is healthy again.", TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await working;
        await agent.DisposeAsync();
    }

    [ServerFact]
    public async Task MemoryAlarm_ResultsGoPastTheBrokerAndHealthSaysWhy_UntilItEnds()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var agent = await system.ConnectAsync(slots: 2);
        var (first, second) = (await system.SubmitAsync(FeedSystem.Stage("build")), await system.SubmitAsync(FeedSystem.Stage("build")));
        var tasks = new[] { await agent.TakeAsync(), await agent.TakeAsync() };
        await server.ControlAsync("set_vm_memory_high_watermark", "absolute", "1MB");
        try
        {
            // Whoever publishes next is blocked, and told so.
            await agent.Feed.ReportAsync([.. tasks.Select(task => agent.Result(task.TaskId))], CancellationToken.None);
            await system.WaitForAsync(first, WorkflowStatus.Completed);
            await system.WaitForAsync(second, WorkflowStatus.Completed);
            await system.SubmitAsync(FeedSystem.Stage("build"));
            await Eventually.TrueAsync(
                async () => await CheckAsync(system) is { Status: HealthStatus.Degraded, Description: { } text } && text.Contains("takes no messages", StringComparison.Ordinal), "Health says what is full.");
        }
        finally
        {
            await server.ControlAsync("set_vm_memory_high_watermark", "absolute", "1GB");
        }

        var third = await agent.TakeAsync();
        await agent.ReportAsync(third.TaskId);
        await system.WaitForAsync(third.TaskId.WorkflowId, WorkflowStatus.Completed);
        await Eventually.TrueAsync(async () => (await CheckAsync(system)).Status is HealthStatus.Healthy, "RabbitMQ is healthy again.");
    }

    [ServerFact]
    public async Task Queues_DeletedUnderUs_AreMadeAgainAndNothingIsLost()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DispatchDeadline = TimeSpan.FromSeconds(2));
        var agent = await system.ConnectAsync(slots: 2);
        using var stop = new CancellationTokenSource();
        var working = agent.WorkAsync(2, null, stop.Token);
        var ids = new List<WorkflowId>();
        foreach (var queue in (string[])["agent.tasks." + system.AgentType, system.Services.GetRequiredService<RabbitMqInstance>().Results, "orchestrator.results"])
        {
            ids.Add(await system.SubmitAsync(FeedSystem.Stage("one"), FeedSystem.Stage("two", "one")));
            await RabbitMqTools.DoAsync(server, channel => channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false));
            ids.Add(await system.SubmitAsync(FeedSystem.Stage("one"), FeedSystem.Stage("two", "one")));
        }

        foreach (var id in ids)
        {
            await system.WaitForAsync(id, WorkflowStatus.Completed, seconds: 60);
        }

        await stop.CancelAsync();
        await working;
    }

    [ServerFact]
    public async Task Exchange_DeletedUnderUs_IsMadeAgainAndNothingIsLost()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var agent = await system.ConnectAsync(slots: 2);
        using var stop = new CancellationTokenSource();
        var working = agent.WorkAsync(2, null, stop.Token);
        var before = await system.SubmitAsync(FeedSystem.Stage("one"));
        await system.WaitForAsync(before, WorkflowStatus.Completed);
        await RabbitMqTools.DoAsync(server, async channel =>
        {
            await channel.ExchangeDeleteAsync(RabbitMqNames.ResultExchange);
            return true;
        });
        var after = await system.SubmitAsync(FeedSystem.Stage("one"), FeedSystem.Stage("two", "one"));
        await system.WaitForAsync(after, WorkflowStatus.Completed);
        await RabbitMqTools.DoAsync(server, async channel =>
        {
            await channel.ExchangeDeclarePassiveAsync(RabbitMqNames.ResultExchange);
            return true;
        });

        await stop.CancelAsync();
        await working;
    }

    [ServerFact]
    public async Task Queue_DeletedWithAllThatAgentsCanTake_IsMadeAgainAndFilledAgain()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DispatchDeadline = TimeSpan.FromSeconds(1));
        await RabbitMqTools.PretendAgentAsync(system);
        await system.SubmitAsync(FeedSystem.Stage("one"));
        await RabbitMqTools.WaitForDepthAsync(server, system.AgentType, 1);
        await RabbitMqTools.DoAsync(server, channel => channel.QueueDeleteAsync(RabbitMqNames.Tasks(system.AgentType), ifUnused: false, ifEmpty: false));
        await RabbitMqTools.WaitForDepthAsync(server, system.AgentType, 1);
    }

    [ServerFact]
    public async Task Message_LostFromAQueueThatIsNeverEmpty_IsPublishedAgain()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DispatchDeadline = TimeSpan.FromSeconds(1));
        await RabbitMqTools.PretendAgentAsync(system, slots: 3);
        for (var i = 0; i < 3; i++)
        {
            await system.SubmitAsync(FeedSystem.Stage("one"));
        }

        await RabbitMqTools.WaitForDepthAsync(server, system.AgentType, 3);
        await RabbitMqTools.DoAsync(server, async channel =>
        {
            // Somebody reads it, and is busy.
            var queue = RabbitMqNames.Tasks(system.AgentType);
            await channel.BasicQosAsync(0, 1, global: false);
            await channel.BasicConsumeAsync(queue, autoAck: false, new AsyncDefaultBasicConsumer(channel));
            await RabbitMqTools.WaitForDepthAsync(server, system.AgentType, 2);
            Assert.NotNull(await RabbitMqTools.DoAsync(server, other => other.BasicGetAsync(queue, autoAck: true)));
            await Eventually.TrueAsync(async () => await RabbitMqTools.DepthAsync(server, system.AgentType) >= 3, "The lost one is in the queue again.");
            return true;
        });
    }

    [ServerFact]
    public async Task Suspects_QueueIsDeleted_IsMadeAgainAndRead()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        await RabbitMqTools.WaitForResultsAsync(server);
        await Eventually.TrueAsync(async () => await RabbitMqTools.ConsumersAsync(server, RabbitMqNames.Suspects) > 0, "Suspects are read.");
        await RabbitMqTools.DoAsync(server, channel => channel.QueueDeleteAsync(RabbitMqNames.Suspects, ifUnused: false, ifEmpty: false));
        await Eventually.TrueAsync(async () => await RabbitMqTools.ConsumersAsync(server, RabbitMqNames.Suspects) > 0, "Suspects are read again.");
    }

    [ServerFact]
    public async Task DeadLetters_QueueIsDeleted_AreNoneAndTheQueueIsMadeAgain()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var letters = system.Services.GetRequiredService<IDeadLetters>();
        await letters.ListAsync(10, CancellationToken.None);
        await RabbitMqTools.DoAsync(server, channel => channel.QueueDeleteAsync(RabbitMqNames.DeadLetters, ifUnused: false, ifEmpty: false));
        Assert.Empty(await letters.ListAsync(10, CancellationToken.None));
        Assert.Equal(0u, await RabbitMqTools.ReadyAsync(server, RabbitMqNames.DeadLetters));
    }

    [ServerFact]
    public async Task Session_FailsInAWayThatNobodyExpected_BeginsAgain()
    {
        await using var link = LinkTo(server.Address);
        using var stop = new CancellationTokenSource();
        var sessions = 0;
        var running = link.RunSessionsAsync(
            (_, token) => ++sessions == 1 ? throw new InvalidOperationException("A defect.") : Task.Delay(Timeout.Infinite, token), stop.Token);
        await Eventually.TrueAsync(() => sessions == 2, "Another session began.");
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
    }

    [ServerFact]
    public async Task Connect_NobodyThere_NamesThePortThatTlsHas()
    {
        await using var link = LinkTo("amqps://user:secret@127.0.0.1");
        var failure = await Assert.ThrowsAsync<BrokerUnavailableException>(() => link.ConnectedWithinAsync(TimeSpan.FromMilliseconds(10), CancellationToken.None));
        Assert.Contains("127.0.0.1:5671", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", failure.ToString(), StringComparison.Ordinal);
    }

    private static RabbitMqLink LinkTo(string address)
    {
        var options = new RabbitMqOptions { Address = address };
        return new RabbitMqLink(options, new RabbitMqTopology(options, NullLogger<RabbitMqTopology>.Instance), "test", TimeProvider.System, new Random(), NullLogger<RabbitMqLink>.Instance);
    }

    private static async Task BeatAsync(FeedAgent agent, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            await agent.HeartbeatAsync(waitMs: 0);
            await Task.Delay(500, CancellationToken.None);
        }
    }

    private static async Task<HealthCheckResult> CheckAsync(FeedSystem system) =>
        (await system.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(check => check.Name == "rabbitmq")).Entries["rabbitmq"] is var entry
            ? new HealthCheckResult(entry.Status, entry.Description)
            : default;

    private RabbitMqTaskFeed Feed(OrchestratorHost host) => new(
        host.Services.GetRequiredService<ITaskFeed>(), RabbitMqSystem.Options(server), TimeProvider.System, new Random(), host.Services.GetRequiredService<Microsoft.Extensions.Logging.ILoggerFactory>());

    private static async Task<(string? Status, string? Message)> HealthAsync(OrchestratorHost host)
    {
        using var answer = await host.Client.GetAsync("/health/ready");
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var broker = body.RootElement.GetProperty("components").GetProperty("rabbitmq");
        return (broker.GetProperty("status").GetString(), broker.GetProperty("message").GetString());
    }
}
