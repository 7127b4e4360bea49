using System.Collections.Concurrent;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Cluster;

/// <summary>Whole engines with all their loops on the real clock and one store, which end without a goodbye, are cut off, stop and start while agents work at whichever they find.</summary>
public sealed class ClusterChaosTests
{
    private const int Workflows = 200;
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly string[] Stages = ["a", "b", "c", "d", "e"];
    private readonly InMemoryStore _memory = new();
    private readonly InMemoryNodes _nodes = new(TimeProvider.System);
    private readonly ConcurrentDictionary<string, Member> _members = new();
    private readonly FakeWorkspaces _workspaces = new();

    [Fact]
    public async Task Engines_KilledAndAddedUnderLoad_LoseNothing_AndNothingSucceedsTwice()
    {
        await AddAsync("one");
        await AddAsync("two");
        using var end = new CancellationTokenSource();
        var crowd = Enumerable.Range(0, 6).Select(n => Task.Run(() => WorkAsync(n, end.Token))).ToList();
        var submitting = Task.Run(SubmitAsync);
        await DisturbAsync();
        var ids = await submitting;
        await Eventually.TrueAsync(async () => (await _memory.LoadAsync(ids, None)).All(workflow => workflow.State.End is not null), "every workflow ends", 60);
        await end.CancelAsync();
        await Task.WhenAll(crowd);
        foreach (var name in _members.Keys)
        {
            await StopAsync(name);
        }

        foreach (var id in ids)
        {
            Assert.Equal(Stages, (await _memory.ReadEventsAsync(id, 0, 1000, None)).Where(happened => happened.Name == "stage.completed").Select(happened => happened.Stage));
        }

        Assert.Empty(await _memory.ListActiveAttemptsAsync(null, 1000, None));
    }

    // Kill, add, stop, start again, cut off for a while: one after the other, while work goes on.
    private async Task DisturbAsync()
    {
        await Task.Delay(300);
        Kill("one");
        await AddAsync("three");
        await Task.Delay(300);
        await StopAsync("two");
        await AddAsync("two");
        await Task.Delay(300);
        _members["three"].Store.GoAway();
        await Task.Delay(1500);
        _members["three"].Store.ComeBack();
        await AddAsync("one");
        await Task.Delay(300);
        Kill("two");
    }

    private async Task AddAsync(string name)
    {
        var store = new WatchedStore(_memory);
        var builder = Host.CreateEmptyApplicationBuilder(null);
        builder.Services
            .AddSingleton<IWorkflowStore>(store)
            .AddSingleton<IDefinitionStore>(_memory)
            .AddSingleton<INodeDirectory>(_nodes)
            .AddSingleton<IAgentRegistry>(new InMemoryAgentRegistry(TimeProvider.System, TimeSpan.FromMilliseconds(100)))
            .AddSingleton<IWorkspaces>(_workspaces)
            .AddEngine(options =>
            {
                options.NodeName = name;
                options.HeartbeatInterval = TimeSpan.FromMilliseconds(200);
                options.LeaseDuration = TimeSpan.FromSeconds(1);
                options.LingerDuration = TimeSpan.FromMilliseconds(10);
                options.RescueInterval = options.TimerInterval = options.PeerInterval = TimeSpan.FromMilliseconds(50);
                options.BeatInterval = TimeSpan.FromMilliseconds(100);
                options.DeadAfter = TimeSpan.FromSeconds(1);
                options.ReadyCapacity = 20;
            });
        var host = builder.Build();
        await host.StartAsync();
        _members[name] = new Member(host, store);
    }

    // It lives on where nobody hears of it, and can write nothing any more.
    private void Kill(string name)
    {
        Assert.True(_members.TryRemove(name, out var member));
        member.Store.GoAway();
        _ = member.Host.StopAsync(new CancellationToken(canceled: true));
    }

    private async Task StopAsync(string name)
    {
        if (_members.TryRemove(name, out var member))
        {
            await member.Host.StopAsync();
            member.Host.Dispose();
        }
    }

    private async Task<List<WorkflowId>> SubmitAsync()
    {
        var quick = new RetryPolicy { InitialDelay = TimeSpan.FromMilliseconds(5), MaxDelay = TimeSpan.FromMilliseconds(20), MaxAttempts = 10 };
        StageDefinition[] stages = [.. Stages.Select((name, i) => Flow.Stage(name, i == 0 ? [] : [Stages[i - 1]]) with { Retry = quick })];
        var definition = Flow.Define(null, stages);
        await _memory.ApplyDefinitionAsync(new StoredDefinition(definition, "v", "", false, default), None);
        var random = new Random(3);
        var ids = new List<WorkflowId>();
        while (ids.Count < Workflows)
        {
            var header = new WorkflowHeader { Id = WorkflowId.New(TimeProvider.System), Name = "chaos", Type = "test", DefinitionName = "test", DefinitionVersion = "v", CreatedAt = TimeProvider.System.GetUtcNow() };
            await OnAnyAsync(random, async services =>
            {
                // Under one id: a submission whose answer was lost is found to be there.
                var outcome = await services.GetRequiredService<WorkflowEngine>().SubmitAsync(new WorkflowSubmission { Header = header, Definition = definition, Idempotency = new IdempotencyRecord(header.Id.ToString(), "hash", header.Id) }, None);
                if (outcome is SubmitOutcome.Accepted or SubmitOutcome.Replayed)
                {
                    ids.Add(header.Id);
                }
            });
            await Task.Delay(5);
        }

        return [.. (await _memory.ListAsync(new WorkflowQuery { Limit = 1000 }, None)).Select(workflow => workflow.Header.Id)];
    }

    private async Task WorkAsync(int worker, CancellationToken end)
    {
        var random = new Random(worker);
        var agent = new AgentId($"noop-{worker}");
        while (!end.IsCancellationRequested)
        {
            var tasks = new List<TaskId>();
            await OnAnyAsync(random, async services =>
            {
                var claim = new TaskClaim { AgentId = agent, AgentType = "noop", MaxTasks = 4, WaitMs = 200 };
                tasks.AddRange((await services.GetRequiredService<ITaskFeed>().ClaimAsync(claim, None)).Select(task => task.TaskId));
            });
            foreach (var task in tasks.Where(_ => random.Next(30) > 0))
            {
                // Until it has a receipt, wherever it gets one.
                for (var received = false; !received;)
                {
                    await OnAnyAsync(random, async services =>
                    {
                        await services.GetRequiredService<ITaskFeed>().ReportAsync([TestEngine.Result(task, agent: agent.Value)], None);
                        received = true;
                    });
                }
            }
        }
    }

    private async Task OnAnyAsync(Random random, Func<IServiceProvider, Task> work)
    {
        var members = _members.Values.ToList();
        try
        {
            if (members.Count > 0)
            {
                await work(members[random.Next(members.Count)].Host.Services);
            }
        }
        catch (Exception exception) when (exception is StoreUnavailableException or ObjectDisposedException)
        {
            // It died, or cannot reach the store: the caller turns to whichever it finds next.
            await Task.Delay(10);
        }
    }

    private sealed record Member(IHost Host, WatchedStore Store);
}
