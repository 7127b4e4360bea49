using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>What is lost when the broker, the wire or the orchestrator is: nothing.</summary>
[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
public sealed class BrokerFailureTests(RabbitMqServer server)
{
    private static readonly StageDefinition[] ThreeStages = [FeedSystem.Stage("one"), FeedSystem.Stage("two", "one"), FeedSystem.Stage("three", "two")];

    [ServerFact]
    public async Task Server_KilledUnderLoad_EveryWorkflowCompletesOnce()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DispatchDeadline = TimeSpan.FromSeconds(5));
        using var stop = new CancellationTokenSource();
        var working = await WorkAsync(system, stop.Token);

        // Old enough: RabbitMQ 3.10 may lose a quorum queue for good when it is killed within two seconds of making it (see QueueDoctor, which takes its time).
        var ids = new List<WorkflowId>();
        for (var began = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(3);)
        {
            ids.AddRange(await SubmitAsync(system, 5));
            await system.WaitForAsync(ids[^5], WorkflowStatus.Completed);
        }

        ids.AddRange(await SubmitAsync(system, 20));
        await server.KillAsync();
        ids.AddRange(await SubmitAsync(system, 10));
        await server.StartAsync();
        ids.AddRange(await SubmitAsync(system, 10));
        await AllCompleteOnceAsync(system, ids);
        await stop.CancelAsync();
        await Task.WhenAll(working);
    }

    [ServerFact]
    public async Task Wire_CutAgainAndAgain_EveryWorkflowCompletesOnce()
    {
        await using var wire = new TcpCutter(server.Port);
        await using var system = await RabbitMqSystem.StartAsync(server, change: options =>
        {
            options.Address = $"amqp://guest:guest@127.0.0.1:{wire.Port}/";
            options.DispatchDeadline = TimeSpan.FromSeconds(3);
            options.LongestPause = TimeSpan.FromMilliseconds(200);
        });
        using var stop = new CancellationTokenSource();
        var working = await WorkAsync(system, stop.Token);
        var ids = new List<WorkflowId>();
        for (var i = 0; i < 6; i++)
        {
            ids.AddRange(await SubmitAsync(system, 8));
            await Task.Delay(300);
            wire.Cut();
        }

        await AllCompleteOnceAsync(system, ids);
        await stop.CancelAsync();
        await Task.WhenAll(working);
    }

    // The channel alone is lost, and the connection stands: nothing but the acknowledgements shows it to whoever waits until they have made room.
    [ServerFact]
    public async Task Channel_LostWhileResultsWaitForTheStore_TheyAreTakenOverAnother()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, add: HeldReports.Put);
        var reports = HeldReports.Of(system);
        await RabbitMqTools.WaitForResultsAsync(server);
        var store = new TaskCompletionSource();
        reports.Hold = _ => store.Task;
        for (var i = 0; i < 6; i++)
        {
            // After the sixth no more are taken before the first is acknowledged.
            var task = new TaskId(WorkflowId.New(TimeProvider.System), "one", 1);
            await RabbitMqTools.PublishResultAsync(server, task);
            await reports.UntilSeenAsync(task);
        }

        await server.ControlAsync("eval", "[rabbit_channel:do(Pid, {'basic.ack', 999999999, false}) || Pid <- rabbit_channel:list_local(), rabbit_channel:info(Pid, [consumer_count]) == [{consumer_count, 2}]].");
        await Eventually.TrueAsync(async () => await RabbitMqTools.ConsumersAsync(server, "orchestrator.results") == 0, "The channel is lost.");
        store.SetResult();
        var id = await system.SubmitAsync(FeedSystem.Stage("one"));
        var agent = await system.ConnectAsync();
        await agent.ReportAsync((await agent.TakeAsync()).TaskId);
        await system.WaitForAsync(id, WorkflowStatus.Completed);
        Assert.False(system.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
    }

    [ServerFact]
    public async Task Message_Lost_IsPublishedAgain()
    {
        await using var system = await RabbitMqSystem.StartAsync(server, change: options => options.DispatchDeadline = TimeSpan.FromSeconds(1));
        await RabbitMqTools.PretendAgentAsync(system);
        var id = await system.SubmitAsync(FeedSystem.Stage("one"));
        await RabbitMqTools.WaitForDepthAsync(server, system.AgentType, 1);
        await RabbitMqTools.PurgeAsync(server, system.AgentType);
        var agent = await system.ConnectAsync();
        var task = await agent.TakeAsync();
        Assert.Equal(new TaskId(id, "one", 1), task.TaskId);
        await agent.ReportAsync(task.TaskId);
        await system.WaitForAsync(id, WorkflowStatus.Completed);
    }

    [ServerFact]
    public async Task Orchestrator_Restarted_WhatTheBrokerHasIsMadeOnce()
    {
        var store = new InMemoryStore();
        var ids = new List<WorkflowId>();
        string type;
        await using (var first = await RabbitMqSystem.StartAsync(server, store))
        {
            type = first.AgentType;
            await RabbitMqTools.PretendAgentAsync(first, slots: 3);
            for (var i = 0; i < 5; i++)
            {
                ids.Add(await first.SubmitAsync(FeedSystem.Stage("one")));
            }

            await RabbitMqTools.WaitForDepthAsync(server, type, 3);
            await Eventually.TrueAsync(async () => (await store.CountAsync(default)).Attempts.GetValueOrDefault((type, AttemptStatus.Dispatched)) == 3, "The dispatched attempts were not noted.");
        }

        await using var second = await RabbitMqSystem.StartAsync(server, store);
        var agent = await second.ConnectAsync(slots: 4, type);
        using var stop = new CancellationTokenSource();
        var working = agent.WorkAsync(4, null, stop.Token);
        foreach (var id in ids)
        {
            await second.WaitForAsync(id, WorkflowStatus.Completed);
        }

        await stop.CancelAsync();
        Assert.Equal(ids.Select(id => new TaskId(id, "one", 1)).ToHashSet(), (await working).ToHashSet());
        Assert.Equal(ids.Count, (await working).Count);
    }

    [ServerFact]
    public async Task Orchestrator_Gone_AnotherTakesItsResults()
    {
        var store = new InMemoryStore();
        TaskEnvelope task;
        var first = await RabbitMqSystem.StartAsync(server, store, options => options.ResultPatience = TimeSpan.FromSeconds(1));
        var id = await first.SubmitAsync(FeedSystem.Stage("one"));
        var agent = await first.ConnectAsync();
        task = await agent.TakeAsync();
        await first.StopHostAsync();
        await agent.ReportAsync(task.TaskId);
        await using var second = await RabbitMqSystem.StartAsync(server, store, options => options.ResultPatience = TimeSpan.FromSeconds(1));
        await second.WaitForAsync(id, WorkflowStatus.Completed);
        await first.DisposeAsync();
    }

    private static async Task<List<WorkflowId>> SubmitAsync(FeedSystem system, int count)
    {
        var ids = new List<WorkflowId>();
        for (var i = 0; i < count; i++)
        {
            ids.Add(await system.SubmitAsync(ThreeStages));
        }

        return ids;
    }

    private static async Task<List<Task<IReadOnlyList<TaskId>>>> WorkAsync(FeedSystem system, CancellationToken cancellationToken)
    {
        var working = new List<Task<IReadOnlyList<TaskId>>>();
        for (var i = 0; i < 2; i++)
        {
            var agent = await system.ConnectAsync(slots: 4);
            working.Add(Task.Run(() => agent.WorkAsync(4, _ => Task.Delay(20, CancellationToken.None), cancellationToken), CancellationToken.None));
        }

        return working;
    }

    private static async Task AllCompleteOnceAsync(FeedSystem system, List<WorkflowId> ids)
    {
        foreach (var id in ids)
        {
            await system.WaitForAsync(id, WorkflowStatus.Completed, seconds: 90);
            Assert.Equal(3, (await system.EventsAsync(id)).Count(happened => happened.Name == "stage.completed"));
        }
    }
}
