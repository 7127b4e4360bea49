using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using Stack.Messaging.RabbitMq;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>Messages that cannot be handled: they fail their own stage, block nobody, and wait for people.</summary>
[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
public sealed class DeadLetterTests(RabbitMqServer server)
{
    private static readonly CancellationToken None = CancellationToken.None;

    // An agent that is started again under its id has its attempt back each time.
    [ServerFact]
    public async Task Task_CutsOffItsAgentEachTimeItBegins_ItsStageFailsAsPoison()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DeliveryLimit = 2);
        var poison = await system.SubmitAsync(FeedSystem.Stage("build"));
        var id = AgentId.New(system.AgentType, Random.Shared);
        for (var i = 0; i < 3; i++)
        {
            var doomed = await system.ConnectAsync(id: id);
            Assert.Equal(poison, (await doomed.TakeAsync()).TaskId.WorkflowId);
            await doomed.DisposeAsync();
        }

        await system.WaitForAsync(poison, WorkflowStatus.Failed);
        Assert.Equal(ErrorCategory.Poison, (await system.StageAsync(poison, "build")).Error?.Category);
        var agent = await system.ConnectAsync();
        var good = await system.SubmitAsync(FeedSystem.Stage("build"));
        await agent.ReportAsync((await agent.TakeAsync()).TaskId);
        await system.WaitForAsync(good, WorkflowStatus.Completed);
        var letter = await LetterAsync(system, found => found.TaskId?.WorkflowId == poison);
        Assert.Equal(("task", "delivery_limit", "agent.tasks." + system.AgentType), (letter.Kind, letter.Reason, letter.Queue));
        Assert.True(await Letters(system).DiscardAsync(letter.Id, None));
        Assert.Null(await Letters(system).FindAsync(letter.Id, None));
    }

    // An agent takes everything down with it that was delivered to it. What only waited there is made in the end, however often that happens.
    [ServerFact]
    public async Task Task_WaitsBesideWhatCutsItsAgentsOff_IsMadeAllTheSame()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DeliveryLimit = 2);
        var innocent = await system.SubmitAsync(FeedSystem.Stage("build"));
        for (var i = 0; i < 8; i++)
        {
            var doomed = await system.ConnectAsync();
            Assert.Equal(innocent, Assert.Single(await doomed.ClaimAsync(waitMs: 20_000)).TaskId.WorkflowId);
            await doomed.DisposeAsync();
        }

        var agent = await system.ConnectAsync();
        var task = (await agent.TakeAsync()).TaskId;
        Assert.Equal(new TaskId(innocent, "build", 1), task);
        await agent.ReportAsync(task);
        await system.WaitForAsync(innocent, WorkflowStatus.Completed);
        Assert.DoesNotContain(await Letters(system).ListAsync(500, None), letter => letter.TaskId?.WorkflowId == innocent);
    }

    // Whichever of them it was: the others must not be delivered together with it until all are dead letters.
    [ServerFact]
    public async Task Tasks_OfAnAgentThatWasCutOff_AreHandedOutOneByOne()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var ids = new List<WorkflowId>();
        for (var i = 0; i < 3; i++)
        {
            ids.Add(await system.SubmitAsync(FeedSystem.Stage("build")));
        }

        var doomed = await system.ConnectAsync(slots: 3);
        for (var had = 0; had < 3;)
        {
            had += (await doomed.ClaimAsync(waitMs: 20_000, most: 3)).Count;
        }

        await doomed.DisposeAsync();
        var agent = await system.ConnectAsync(slots: 3);
        var first = Assert.Single(await agent.ClaimAsync(waitMs: 20_000, most: 3));
        Assert.Empty(await agent.ClaimAsync(waitMs: 100, most: 3));
        await agent.ReportAsync(first.TaskId);
        var second = Assert.Single(await agent.ClaimAsync(waitMs: 20_000, most: 3));

        // One that lasts has proved itself as well.
        var third = Assert.Single(await agent.ClaimAsync(waitMs: 20_000, most: 3));
        await agent.ReportAsync(second.TaskId);
        await agent.ReportAsync(third.TaskId);
        foreach (var id in ids)
        {
            await system.WaitForAsync(id, WorkflowStatus.Completed);
        }
    }

    [ServerFact]
    public async Task Garbage_AmongTasks_IsSetAsideAndTheOthersAreMade()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var agent = await system.ConnectAsync(slots: 2);
        await RabbitMqTools.PublishAsync(server, "agent.tasks." + system.AgentType, null, Encoding.UTF8.GetBytes("{ not json " + system.AgentType));
        await RabbitMqTools.PublishAsync(server, "agent.tasks." + system.AgentType, null, Array.Empty<byte>());
        await RabbitMqTools.PublishAsync(server, "orchestrator.results", null, Encoding.UTF8.GetBytes("[1,2," + system.AgentType));
        var id = await system.SubmitAsync(FeedSystem.Stage("build"));
        await agent.ReportAsync((await agent.TakeAsync()).TaskId);
        await system.WaitForAsync(id, WorkflowStatus.Completed);
        var task = await LetterAsync(system, found => found.Body == "{ not json " + system.AgentType);
        Assert.Equal(("rejected", "agent.tasks." + system.AgentType), (task.Reason, task.Queue));
        await LetterAsync(system, found => found.Body == "[1,2," + system.AgentType && found.Queue == "orchestrator.results");
    }

    // It is JSON, only nobody can say of what kind: it must neither hold the agent's only place, nor be acknowledged unread together with others.
    [ServerFact]
    public async Task Garbage_WithoutItsKind_IsSetAsideAndHoldsNothingUp()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var agent = await system.ConnectAsync(slots: 1);
        var tasks = "agent.tasks." + system.AgentType;
        var task = new TaskId(WorkflowId.New(TimeProvider.System), "build", 1);
        var (nothing, result) = ($$"""{"of":"{{system.AgentType}}"}""", $$$"""{"kind":"task.result","task_id":"{{{task}}}","agent_id":"noop-ffffffff","outcome":{"of":"{{{system.AgentType}}}"}}""");
        await RabbitMqTools.WaitForResultsAsync(server);
        foreach (var (queue, body) in ((string, string)[])[(tasks, nothing), ("orchestrator.results", nothing), ("orchestrator.results", result)])
        {
            await RabbitMqTools.PublishAsync(server, queue, null, Encoding.UTF8.GetBytes(body));
        }

        var id = await system.SubmitAsync(FeedSystem.Stage("build"));
        await agent.ReportAsync((await agent.TakeAsync()).TaskId);
        await system.WaitForAsync(id, WorkflowStatus.Completed);
        await LetterAsync(system, found => found.Body == nothing && found.Queue == tasks);
        await LetterAsync(system, found => found.Body == nothing && found.Queue == "orchestrator.results");
        await LetterAsync(system, found => found.Body == result);
    }

    // To acknowledge what was rejected closes the channel, and everything that was open on it comes again.
    [ServerFact]
    public async Task Garbage_AtTheEndOfABatchOfResults_LeavesTheChannelOpen()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, add: HeldReports.Put);
        var reports = HeldReports.Of(system);
        await RabbitMqTools.WaitForResultsAsync(server);
        var (first, last) = (new TaskCompletionSource(), new TaskCompletionSource());
        var tasks = Enumerable.Range(0, 3).Select(_ => new TaskId(WorkflowId.New(TimeProvider.System), "build", 1)).ToList();
        reports.Hold = task => task == tasks[0] ? first.Task : task == tasks[1] ? last.Task : Task.CompletedTask;

        // Each is a batch of its own, since it is taken before the next one comes; they are acknowledged one after the other.
        await RabbitMqTools.PublishResultAsync(server, tasks[0]);
        await reports.UntilSeenAsync(tasks[0]);
        var garbage = "no result of " + system.AgentType;
        await RabbitMqTools.PublishAsync(server, "orchestrator.results", null, Encoding.UTF8.GetBytes(garbage));
        await Eventually.TrueAsync(async () => await RabbitMqTools.ReadyAsync(server, "orchestrator.results") == 0, "It was delivered.");
        await RabbitMqTools.PublishResultAsync(server, tasks[1]);
        await reports.UntilSeenAsync(tasks[1]);
        first.SetResult();
        await LetterAsync(system, found => found.Body == garbage);
        await RabbitMqTools.PublishResultAsync(server, tasks[2]);
        await reports.UntilSeenAsync(tasks[2]);
        Assert.Single(reports.Seen, tasks[1]);
        last.SetResult();
    }

    [ServerFact]
    public async Task Replay_OverHttp_TriesTheStageAgain()
    {
        await using var host = await OrchestratorHost.StartAsync("ConnectionStrings:rabbitmq=" + server.Address);
        var definition = await host.DefineAsync(1);
        var workflow = await host.SubmitAsync(definition);
        await using var feed = Feed(host);
        var letter = await PoisonAsync(host, feed, definition, new TaskId(workflow.Id, "s1", 1));
        Assert.Equal("task", (await host.Client.GetAsync("/api/v1/dead-letters/" + letter.Id).ValueAsync<DeadLetterResource>()).Kind);
        Assert.Equal(letter.Id, (await host.Client.PostAsync($"/api/v1/dead-letters/{letter.Id}/replay", null).ValueAsync<DeadLetterResource>()).Id);
        await host.Client.GetAsync("/api/v1/dead-letters/" + letter.Id).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        var agent = new FeedAgent(feed, AgentId.New(definition, Random.Shared), definition, slots: 4);
        var again = await agent.TakeAsync();
        if (again.TaskId.Attempt == 1)
        {
            // The message that was not damaged, which came to the agent before the attempt was over.
            again = await agent.TakeAsync();
        }

        Assert.Equal(2, again.TaskId.Attempt);
        await agent.ReportAsync(again.TaskId);
        await host.UntilAsync(workflow.Id, shown => shown.Status is WorkflowStatus.Completed, "It is completed");
    }

    [ServerFact]
    public async Task Replay_WorkflowUnderWay_IsRefusedAndKept()
    {
        await using var host = await OrchestratorHost.StartAsync("ConnectionStrings:rabbitmq=" + server.Address);
        var definition = await host.DefineAsync(1);
        var workflow = await host.SubmitAsync(definition);
        await using var feed = Feed(host);
        var letter = await PoisonAsync(host, feed, definition, new TaskId(workflow.Id, "s1", 1));
        await host.Client.PostAsync($"/api/v1/workflows/{workflow.Id}/retry", Answers.Json("{}")).ValueAsync<WorkflowResource>();
        await host.Client.PostAsync($"/api/v1/dead-letters/{letter.Id}/replay", null).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        await host.Client.PostAsync($"/api/v1/dead-letters/{letter.Id}/discard", null).ValueAsync<DeadLetterResource>();
        await host.Client.PostAsync($"/api/v1/dead-letters/{letter.Id}/discard", null).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await host.Client.GetAsync("/api/v1/dead-letters?limit=none").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    private RabbitMqTaskFeed Feed(OrchestratorHost host) => new(
        host.Services.GetRequiredService<ITaskFeed>(), RabbitMqSystem.Options(server), TimeProvider.System, new Random(), host.Services.GetRequiredService<ILoggerFactory>());

    // A task whose bytes were damaged on the way: an agent refuses it.
    private async Task<DeadLetterResource> PoisonAsync(OrchestratorHost host, RabbitMqTaskFeed feed, string definition, TaskId task)
    {
        await RabbitMqTools.PublishTaskAsync(server, definition, task, Encoding.UTF8.GetBytes("damaged"));
        await feed.RegisterAsync(new AgentRegistration { AgentId = AgentId.New(definition, Random.Shared), AgentType = definition, Version = "1", MaxConcurrency = 4 }, None);
        await host.UntilAsync(task.WorkflowId, shown => shown.Status is WorkflowStatus.Failed, "It is failed");
        Assert.Equal(ErrorCategory.Poison, (await host.ShowAsync(task.WorkflowId)).Stages![0].Error?.Category);
        var list = await host.Client.GetAsync("/api/v1/dead-letters?limit=500").ValueAsync<DeadLetterList>();
        return list.DeadLetters.Single(letter => letter.TaskId == task);
    }

    private static IDeadLetters Letters(FeedSystem system) => system.Services.GetRequiredService<IDeadLetters>();

    private static async Task<DeadLetterResource> LetterAsync(FeedSystem system, Func<DeadLetterResource, bool> wanted)
    {
        DeadLetterResource? letter = null;
        await Eventually.TrueAsync(async () => (letter = (await Letters(system).ListAsync(500, None)).FirstOrDefault(wanted)) is not null, "The letter is there.");
        return letter!;
    }
}
