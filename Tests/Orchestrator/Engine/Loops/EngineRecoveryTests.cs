using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Loops;

/// <summary>What a new process does with what another one left.</summary>
public sealed class EngineRecoveryTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Start_WhatWaits_IsOffered_WhatRuns_IsLeftToItsAgent()
    {
        await using var first = await TestEngine.StartAsync();
        await first.RegisterAsync();
        var id = await first.SubmitAsync(Flow.Stage("a"), Flow.Stage("b"), Flow.Stage("c", "a", "b"));
        var running = Assert.Single(await first.ClaimAsync()).TaskId;
        await first.FlushAsync();
        await first.StopAsync();

        first.Time.Advance(TimeSpan.FromHours(1));
        await using var engine = await TestEngine.StartAsync(first);
        Assert.Equal(0, await engine.Get<LeaseRescuer>().RunOnceAsync(None));
        var waiting = Assert.Single(await engine.ClaimAsync("noop-2", most: 10)).TaskId;
        Assert.Equal(["a", "b"], new[] { running.Stage, waiting.Stage }.Order());
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(running)).Status);
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(waiting, agent: "noop-2")).Status);
        await engine.ReportAsync(Assert.Single(await engine.ClaimAsync()).TaskId);
        Assert.Equal(WorkflowStatus.Completed, (await engine.StateAsync(id)).Status);
    }

    [Fact]
    public async Task Start_WhatIsLateAndSilent_TimesOutAfterALease()
    {
        await using var first = await TestEngine.StartAsync();
        var id = await first.SubmitAsync(Flow.Stage("a"));
        Assert.Single(await first.ClaimAsync());
        await first.FlushAsync();
        await first.StopAsync();
        first.Time.Advance(TimeSpan.FromHours(1));
        await using var engine = await TestEngine.StartAsync(first);
        engine.Time.Advance(TimeSpan.FromSeconds(14));
        Assert.Equal(0, await engine.Get<LeaseRescuer>().RunOnceAsync(None));
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, await engine.Get<LeaseRescuer>().RunOnceAsync(None));
        Assert.Equal("attempt_timeout", (await engine.StateAsync(id)).Find("a")!.Error!.Code);
    }

    [Fact]
    public async Task Start_WhatRanAtASilentAgent_IsRescuedAfterALease()
    {
        await using var first = await TestEngine.StartAsync();
        await first.SubmitAsync(Flow.Stage("a"));
        Assert.Single(await first.ClaimAsync());
        await first.FlushAsync();
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        engine.Time.Advance(TimeSpan.FromSeconds(15));
        Assert.Equal(1, await engine.Get<LeaseRescuer>().RunOnceAsync(None));
        Assert.Equal(2, Assert.Single(await engine.ClaimAsync("noop-2")).TaskId.Attempt);
    }

    [Fact]
    public async Task Start_WhatWaitsForItsTime_WaitsOn()
    {
        await using var first = await TestEngine.StartAsync();
        var id = await first.SubmitAsync(Flow.Stage("a"));
        await first.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Snoozed { DelayMs = 60_000 });
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        Assert.Empty(await engine.ClaimAsync());
        Assert.Equal(1, engine.Get<ReadyQueue>().Delayed);
        Assert.Equal(1, engine.Get<ReadyQueue>().Release(engine.Time.GetUtcNow().AddMinutes(1)).Released);
        Assert.Single(await engine.ClaimAsync());
    }

    [Fact]
    public async Task Start_WhatABrokerHolds_IsOfferedAfterItsDeadline()
    {
        await using var first = await TestEngine.StartAsync();
        await first.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await first.Feed.ClaimAsync(new TaskClaim { AgentType = "noop", WaitMs = 0 }, None)).TaskId;
        first.Get<ITaskDispatch>().Confirm([task], first.Time.GetUtcNow().AddMinutes(5));
        await first.FlushAsync();
        Assert.Equal(AttemptStatus.Dispatched, (await first.AttemptAsync(task)).Attempt.Status);
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        Assert.Empty(await engine.ClaimAsync());
        engine.Time.Advance(TimeSpan.FromMinutes(5));
        Assert.Empty(await engine.ClaimAsync());
        await engine.Get<ParkedTaker>().RunOnceAsync(None);
        Assert.Equal(task, Assert.Single(await engine.ClaimAsync()).TaskId);
    }

    [Fact]
    public async Task Start_Paused_IsGivenOutAfterTheResume()
    {
        await using var first = await TestEngine.StartAsync();
        var id = await first.SubmitAsync(Flow.Stage("a"));
        await first.Engine.PauseAsync(id, null, null, None);
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        Assert.Empty(await engine.ClaimAsync());
        await engine.Engine.ResumeAsync(id, null, None);
        Assert.Single(await engine.ClaimAsync());
    }

    [Fact]
    public async Task Start_BranchesThatDidNotMove_AreMoved_BeforeAnyResultCounts()
    {
        await using var first = await TestEngine.StartAsync();
        var ids = new List<WorkflowId>();
        for (var i = 0; i < 250; i++)
        {
            ids.Add(await first.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a")));
            first.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        first.Workspaces.FailNextMoves(int.MaxValue);
        var result = TestEngine.Result(new TaskId(ids[0], "a", 1), commit: "c1");
        await first.Feed.ReportAsync([result with { Change = result.Change! with { References = [new ReferenceUpdate("refs/heads/main", "c1")] } }], None);
        first.Workspaces.FailNextMoves(0);
        await first.Get<Committer>().StopAsync(None);
        await using var engine = await TestEngine.StartAsync(first);
        await engine.ReportAsync(new TaskId(ids[0], "b", 1), commit: "c2");
        await engine.StopAsync();
        var moves = engine.Workspaces.Moves.Where(move => move.Id == ids[0]).ToList();
        Assert.Equal("c1+c2", moves[^1].Head);
        Assert.Contains(moves, move => move.Head == "c1" && move.References.Count == 1);
    }

    [Fact]
    public async Task Start_OnAnEmptyStore_DoesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        Assert.Empty(await engine.ClaimAsync());
        Assert.Empty(engine.Workspaces.Moves);
    }

    [Fact]
    public async Task Start_AtAnyMoment_TheWorkflowGoesOnToItsEnd()
    {
        // One process per step, each killed after it: nothing but the store goes on.
        var random = new Random(7);
        var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "a"), Flow.Stage("d", "b", "c"));
        for (var step = 0; step < 60 && (await engine.StateAsync(id)).End is null; step++)
        {
            var tasks = await engine.ClaimAsync($"noop-{step}");
            if (random.Next(2) == 0)
            {
                await engine.FlushAsync();
            }

            foreach (var task in tasks.Where(_ => random.Next(3) > 0))
            {
                await engine.ReportAsync(task.TaskId, agent: $"noop-{step}");
            }

            var next = await TestEngine.StartAsync(engine);
            await engine.DisposeAsync();
            engine = next;
            engine.Time.Advance(TimeSpan.FromSeconds(16));
            await engine.Get<LeaseRescuer>().RunOnceAsync(None);
        }

        Assert.Equal(WorkflowStatus.Completed, (await engine.StateAsync(id)).Status);
        Assert.Equal(4, (await engine.EventsAsync(id)).Count(name => name == "stage.completed"));
        await engine.DisposeAsync();
    }
}
