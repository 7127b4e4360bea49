using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine;

/// <summary>The whole engine with all its loops on the real clock, agents that misbehave, people who interfere, and a store that fails now and then.</summary>
public sealed class ChaosTests
{
    private const int Workflows = 60;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Engine_WithEverythingGoingWrong_BringsEveryWorkflowToItsEnd()
    {
        var memory = new InMemoryStore();
        var store = new WatchedStore(memory);
        var random = new Random(42);
        store.BeforeCommit = _ => Chance(random, 40) ? throw new StoreUnavailableException("Not now.") : Task.CompletedTask;
        store.AfterCommit = _ => Chance(random, 40) ? throw new StoreUnavailableException("The connection broke.") : Task.CompletedTask;
        using var host = Host(memory, store);
        await host.StartAsync();
        using var end = new CancellationTokenSource();
        var ids = await SubmitAsync(host, memory);
        var crowd = Enumerable.Range(0, 6).Select(n => Task.Run(() => WorkAsync(host.Services.GetRequiredService<ITaskFeed>(), n, end.Token))).ToList();
        var people = Task.Run(() => InterfereAsync(host.Services.GetRequiredService<WorkflowEngine>(), ids));
        await people;
        await EventuallyEndedAsync(memory, ids);
        await end.CancelAsync();
        await Task.WhenAll(crowd);
        store.ComeBack();
        await host.StopAsync();
        await CheckAsync(memory, ids);
        Assert.Equal(0, host.Services.GetRequiredService<WorkflowCache>().Count);
        Assert.Empty(await memory.ListActiveAttemptsAsync(null, 1000, None));
    }

    private static IHost Host(InMemoryStore memory, WatchedStore store)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(null);
        builder.Services
            .AddSingleton<IWorkflowStore>(store)
            .AddSingleton<IDefinitionStore>(memory)
            .AddSingleton<IAgentRegistry>(new InMemoryAgentRegistry(TimeProvider.System, TimeSpan.FromMilliseconds(100)))
            .AddSingleton<IWorkspaces>(new FakeWorkspaces())
            .AddEngine(options =>
            {
                options.HeartbeatInterval = TimeSpan.FromMilliseconds(100);
                options.LeaseDuration = TimeSpan.FromMilliseconds(400);
                options.LingerDuration = TimeSpan.FromMilliseconds(10);
                options.RescueInterval = options.TimerInterval = TimeSpan.FromMilliseconds(50);
                options.CacheCapacity = 20;
                options.MailboxCapacity = 16;
                options.MaxBatch = 8;
            });
        return builder.Build();
    }

    private static async Task<List<WorkflowId>> SubmitAsync(IHost host, InMemoryStore memory)
    {
        var quick = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromMilliseconds(20), MaxAttempts = 10 };
        StageDefinition[] stages =
        [
            Flow.Stage("a") with { Retry = quick, OnFailure = "tidy" },
            Flow.Stage("b", "a") with { Retry = quick },
            Flow.Stage("c", "a") with { Retry = quick, Approval = new ApprovalGate { Prompt = "Go?" } },
            Flow.Stage("d", "b", "c") with { Retry = quick, Timeout = TimeSpan.FromSeconds(1) },
            Flow.Stage("tidy"),
        ];
        var definition = Flow.Define(TimeSpan.FromMinutes(5), stages);
        await memory.ApplyDefinitionAsync(new StoredDefinition(definition, "v", "", false, default), None);
        for (var accepted = 0; accepted < Workflows;)
        {
            var header = new WorkflowHeader { Id = WorkflowId.New(TimeProvider.System), Name = "chaos", Type = "test", DefinitionName = "test", DefinitionVersion = "v", CreatedAt = TimeProvider.System.GetUtcNow() };
            try
            {
                var outcome = await host.Services.GetRequiredService<WorkflowEngine>().SubmitAsync(new WorkflowSubmission { Header = header, Definition = definition }, None);
                accepted += outcome is SubmitOutcome.Accepted ? 1 : 0;
            }
            catch (StoreUnavailableException)
            {
                // It may be stored all the same; then it runs beside the others.
            }
        }

        return [.. (await memory.ListAsync(new WorkflowQuery { Limit = 1000 }, None)).Select(workflow => workflow.Header.Id)];
    }

    private static async Task WorkAsync(ITaskFeed feed, int worker, CancellationToken end)
    {
        var random = new Random(worker);
        var agent = new AgentId($"noop-{worker}");
        await feed.RegisterAsync(new AgentRegistration { AgentId = agent, AgentType = "noop", Version = "1" }, None);
        while (!end.IsCancellationRequested)
        {
            try
            {
                await WorkOnceAsync(feed, agent, random);
            }
            catch (StoreUnavailableException)
            {
                // The agent tries again, as agents do.
            }
        }
    }

    private static async Task WorkOnceAsync(ITaskFeed feed, AgentId agent, Random random)
    {
        foreach (var task in await feed.ClaimAsync(new TaskClaim { AgentId = agent, AgentType = "noop", MaxTasks = 3, WaitMs = 50 }, None))
        {
            await feed.HeartbeatAsync(new AgentHeartbeat { AgentId = agent, Running = [task.TaskId] }, None);
            var result = TestEngine.Result(task.TaskId, OutcomeOf(random), random.Next(3) == 0 ? $"c{task.TaskId.Stage}{task.TaskId.Attempt}" : null, agent.Value);
            switch (random.Next(20))
            {
                case 0:
                    // It crashed.
                    break;
                case 1:
                    await feed.DeregisterAsync(agent, None);
                    break;
                case 2:
                    await feed.ReportAsync([result, result], None);
                    break;
                default:
                    await UntilAcceptedAsync(() => feed.ReportAsync([result], None));
                    break;
            }
        }
    }

    private static StageOutcome OutcomeOf(Random random) => random.Next(12) switch
    {
        0 => new StageOutcome.Failed { Error = Flow.Error() },
        1 => new StageOutcome.Failed { Error = Flow.Error(FailureClass.Productive, retryable: random.Next(4) > 0) },
        2 => new StageOutcome.Snoozed { DelayMs = 20 },
        3 => new StageOutcome.NeedsApproval { Prompt = "Really?" },
        4 => new StageOutcome.Canceled(),
        _ => new StageOutcome.Completed { Output = JsonPayload.Parse("\"out\"") },
    };

    private static async Task UntilAcceptedAsync(Func<Task> call)
    {
        for (var tries = 0; tries < 50; tries++)
        {
            try
            {
                await call();
                return;
            }
            catch (StoreUnavailableException)
            {
                await Task.Yield();
            }
        }
    }

    private static async Task InterfereAsync(WorkflowEngine engine, List<WorkflowId> ids)
    {
        var random = new Random(99);
        for (var i = 0; i < 600; i++)
        {
            var id = ids[random.Next(ids.Count)];
            await UntilAcceptedAsync(() => random.Next(8) switch
            {
                0 => engine.PauseAsync(id, "ann", null, None),
                1 or 2 => engine.ResumeAsync(id, "ann", None),
                3 => engine.DecideAsync(id, "c", Flow.Decision(random.Next(10) > 0), null, None),
                4 => random.Next(10) == 0 ? engine.CancelAsync(id, "ann", null, None) : engine.ResumeAsync(id, "ann", None),
                5 => random.Next(3) == 0 ? engine.RetryAsync(id, null, "ann", None) : engine.ResumeAsync(id, "ann", None),
                _ => engine.DecideAsync(id, ((string[])["a", "b", "c", "d"])[random.Next(4)], Flow.Decision(true), null, None),
            });
            await Task.Delay(1);
        }

        // In the end people let everything go on.
        for (var round = 0; round < 400; round++)
        {
            var open = 0;
            foreach (var id in ids)
            {
                CommandOutcome? outcome = null;
                await UntilAcceptedAsync(async () => outcome = await engine.ResumeAsync(id, "ann", None));
                if (outcome is CommandOutcome.Applied { Workflow.State: { End: null } state })
                {
                    open++;
                    foreach (var stage in state.Stages.Where(stage => stage.Status is StageStatus.AwaitingApproval))
                    {
                        await UntilAcceptedAsync(() => engine.DecideAsync(id, stage.Name, Flow.Decision(true), null, None));
                    }
                }
            }

            if (open == 0)
            {
                return;
            }

            await Task.Delay(50);
        }
    }

    private static async Task EventuallyEndedAsync(InMemoryStore memory, List<WorkflowId> ids)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var open = (await memory.LoadAsync(ids, None)).Where(workflow => workflow.State.End is null).ToList();
            if (open.Count == 0)
            {
                return;
            }

            Assert.False(patience.IsCancellationRequested, $"{open.Count} workflows did not end, for example {JsonSerializer.Serialize(open[0].State, StackJson.Options)}");
            await Task.Delay(20);
        }
    }

    private static async Task CheckAsync(InMemoryStore memory, List<WorkflowId> ids)
    {
        foreach (var stored in await memory.LoadAsync(ids, None))
        {
            var id = stored.Header.Id;
            var definition = (await memory.LoadDefinitionAsync("v", None))!.Definition;
            var events = await memory.ReadEventsAsync(id, 0, 10_000, None);
            var replayed = WorkflowEvents.Replay(id, definition, events.Select(row => EventNames.Deserialize(row.Name, row.Data.Utf8.Span, row.At, row.Stage, row.Attempt)));
            Assert.Equal(JsonSerializer.Serialize(stored.State with { Version = 0 }, StackJson.Options), JsonSerializer.Serialize(replayed, StackJson.Options));
            var succeeded = new HashSet<string>(StringComparer.Ordinal);
            foreach (var row in events)
            {
                if (row.Name == "workflow.retried")
                {
                    succeeded.ExceptWith(row.Data.To<WorkflowRetried>()!.Stages);
                }
                else if (row.Name == "stage.completed")
                {
                    Assert.True(succeeded.Add(row.Stage!), $"Stage {row.Stage} of {id} succeeded twice.");
                }
            }
        }
    }

    private static bool Chance(Random random, int oneIn)
    {
        lock (random)
        {
            return random.Next(oneIn) == 0;
        }
    }
}
