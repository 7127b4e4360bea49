using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Cluster;

/// <summary>Several orchestrators on one store: who offers what, and what becomes of it when one of them ends.</summary>
public sealed class ClusterTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public async Task Start_BesideOthers_LeavesTheirsAlone()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        await one.SubmitAsync(Flow.Stage("a"));
        var other = await cluster.AddAsync("other");
        Assert.Empty(await other.ClaimAsync("noop-2"));
        Assert.Single(await one.ClaimAsync());
    }

    [Fact]
    public async Task Kill_WhatWaited_IsGivenOutByAnother()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var ids = new[] { await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a")), await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a")) };
        cluster.Kill(one);
        var claim = other.ClaimAsync("noop-2", most: 10, waitMs: 30_000);
        await cluster.PassAsync(5 * Second);
        await cluster.ShareAsync();
        Assert.False(claim.IsCompleted);

        await cluster.PassAsync(2 * Second);
        await cluster.ShareAsync();
        var tasks = await claim.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(ids.ToHashSet(), tasks.Select(task => task.TaskId.WorkflowId).ToHashSet());
        foreach (var task in tasks)
        {
            Assert.Equal(ReceiptStatus.Accepted, (await other.ReportAsync(task.TaskId, agent: "noop-2")).Status);
        }

        Assert.Equal(2, (await other.ClaimAsync("noop-2", most: 10)).Count);
    }

    [Fact]
    public async Task Stop_WhatWaited_IsGivenOutByAnotherAtOnce()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        await one.SubmitAsync(Flow.Stage("a"));
        await cluster.StopAsync(one);
        var claim = other.ClaimAsync("noop-2", waitMs: 30_000);
        await cluster.ShareAsync();
        Assert.Single(await claim.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Restart_OnTheSameDirectory_TakesItsOwnUpAtOnce()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        await cluster.AddAsync("other");
        await one.SubmitAsync(Flow.Stage("a"));
        cluster.Kill(one);
        var again = await cluster.AddAsync("one");
        Assert.Single(await again.ClaimAsync());
    }

    [Fact]
    public async Task Kill_TheLeader_AnotherLeads_AndRescues()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        Assert.True(one.Get<ClusterNode>().Leads);
        Assert.False(other.Get<ClusterNode>().Leads);
        await other.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await other.ClaimAsync()).TaskId;
        await other.FlushAsync();
        cluster.Kill(one);
        await cluster.PassAsync(8 * Second);
        Assert.True(other.Get<ClusterNode>().Leads);
        Assert.False(one.Get<ClusterNode>().Leads);
        await cluster.PassAsync(8 * Second);
        Assert.Equal(1, await other.Get<LeaseRescuer>().RunOnceAsync(None));
        Assert.Equal(task with { Attempt = 2 }, Assert.Single(await other.ClaimAsync("noop-2")).TaskId);
    }

    [Fact]
    public async Task Commit_ArrivesAfterItsSenderWasBuried_IsOfferedByTheSurvivor()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        cluster.Kill(other);
        await cluster.PassAsync(8 * Second);
        Assert.False(one.Get<ClusterNode>().HasPeers);

        // It had sent this, and the store took its time.
        var id = await other.SubmitAsync(Flow.Stage("a"));
        var claim = one.ClaimAsync("noop-2", waitMs: 60_000);
        await cluster.PassAsync(40 * Second);
        await cluster.ShareAsync();
        Assert.Equal(id, Assert.Single(await claim.WaitAsync(TimeSpan.FromSeconds(10))).TaskId.WorkflowId);
    }

    [Fact]
    public async Task Restart_BeforeTheOthersNotice_MovesTheBranchesThatWereLeft()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        await cluster.AddAsync("other");
        var id = await one.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        one.Workspaces.FailNextMoves(1);
        await one.ReportAsync(task, commit: "work");
        await Eventually.TrueAsync(() => Task.FromResult(one.Workspaces.FailedMoves == 1), "The branch is about to move.");
        cluster.Kill(one);
        var again = await cluster.AddAsync("one");
        await Eventually.TrueAsync(() => Task.FromResult(again.Workspaces.Moves.Any(move => move.Id == id && move.Head == "work")), "The branch is moved.");
    }

    [Fact]
    public async Task Attempts_TakenWithAnAnswerThatWasLost_AreFoundAndOffered()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var (lost, paused) = (await one.SubmitAsync(Flow.Stage("a")), await one.SubmitAsync(Flow.Stage("a")));
        await one.Engine.PauseAsync(paused, null, null, None);
        one.Get<ReadyQueue>().Clear();
        var known = await one.SubmitAsync(Flow.Stage("a"));
        await cluster.PassAsync(31 * Second);
        Assert.Equal(0, await one.Get<ForgottenFinder>().RunOnceAsync(None));
        await cluster.PassAsync(30 * Second);
        Assert.Equal(1, await one.Get<ForgottenFinder>().RunOnceAsync(None));
        Assert.Equal(known, Assert.Single(await one.ClaimAsync()).TaskId.WorkflowId);
        await cluster.ShareAsync();
        Assert.Equal(lost, Assert.Single(await one.ClaimAsync()).TaskId.WorkflowId);
        Assert.Empty(await one.ClaimAsync());
    }

    [Fact]
    public async Task Leases_GivenByAnOrchestratorWhoseClockIsBehind_LastAsLong()
    {
        var (right, fast) = (new ManualTimeProvider(), new ManualTimeProvider());
        fast.Shift(TimeSpan.FromMinutes(1));
        var nodes = new InMemoryNodes(right);
        await using var leader = await TestEngine.StartAsync(configure: options => options.NodeName = "leader", nodes: nodes, time: fast);
        await using var other = await TestEngine.StartAsync(leader, options => options.NodeName = "other", nodes: nodes, time: right);
        await other.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await other.ClaimAsync()).TaskId;
        await other.FlushAsync();
        for (var second = 0; second < 16; second++)
        {
            await leader.Get<NodeBeater>().RunOnceAsync(None);
            await other.Get<NodeBeater>().RunOnceAsync(None);
            Assert.True(leader.Get<ClusterNode>().Leads);
            Assert.Equal(0, second < 14 ? await leader.Get<LeaseRescuer>().RunOnceAsync(None) : 0);
            right.Advance(Second);
            fast.Advance(Second);
        }

        Assert.Equal(1, await leader.Get<LeaseRescuer>().RunOnceAsync(None));
        Assert.Equal(AttemptStatus.Lost, (await leader.AttemptAsync(task)).Attempt.Status);
    }

    [Fact]
    public async Task Silence_OfTheDirectoryItself_BuriesNobody()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        cluster.Time.Advance(TimeSpan.FromMinutes(1));
        await one.Get<NodeBeater>().RunOnceAsync(None);
        Assert.True(one.Get<ClusterNode>().HasPeers);
        Assert.Equal(0, await other.Get<NodeBeater>().RunOnceAsync(None));
        await cluster.PassAsync(10 * Second);
        Assert.Equal(1, other.Get<ClusterNode>().Number - one.Get<ClusterNode>().Number);
    }

    [Fact]
    public async Task Return_AfterOthersTookItForDead_OffersNothingTwice()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        await one.SubmitAsync(Flow.Stage("a"));
        var number = one.Get<ClusterNode>().Number;
        cluster.Kill(one);
        var claim = other.ClaimAsync("noop-2", waitMs: 60_000);
        await cluster.PassAsync(8 * Second);
        await cluster.ShareAsync();
        Assert.Single(await claim.WaitAsync(TimeSpan.FromSeconds(10)));

        // It wakes, and does not know yet.
        Assert.Empty(await one.ClaimAsync());
        cluster.Return(one);
        await cluster.BeatAsync();
        Assert.True(one.Get<ClusterNode>().Number > number);
        Assert.Empty(await one.ClaimAsync());
        await one.SubmitAsync(Flow.Stage("a"));
        Assert.Single(await one.ClaimAsync());
    }

    [Fact]
    public async Task Cancel_ThroughAnother_ReachesTheAgentThatWaitsHere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        await one.RegisterAsync();
        var id = await one.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        var heartbeat = one.HeartbeatAsync(5000, task);
        Assert.IsType<CommandOutcome.Applied>(await other.Engine.CancelAsync(id, "ann", null, None));
        cluster.Time.Advance(Second);
        Assert.Equal(1, await one.Get<HeldChecker>().RunOnceAsync(None));
        var cancel = Assert.Single((await heartbeat.WaitAsync(TimeSpan.FromSeconds(10))).Cancels);
        Assert.Equal((task, "canceled"), (cancel.TaskId, cancel.Reason));
        Assert.Equal(0, one.Get<AttemptHolders>().Count);
    }

    [Fact]
    public async Task Report_ThroughAnother_Counts_AndTheNextStageIsOfferedThere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var id = await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        await other.RegisterAsync();
        Assert.Empty((await other.HeartbeatAsync(0, task)).Cancels);
        Assert.Equal(ReceiptStatus.Accepted, (await other.ReportAsync(task)).Status);
        Assert.Equal(new TaskId(id, "b", 1), Assert.Single(await other.ClaimAsync()).TaskId);
        cluster.Time.Advance(Second);
        await one.Get<HeldChecker>().RunOnceAsync(None);
        Assert.Equal(0, one.Get<AttemptHolders>().Count);
        Assert.Equal([task], one.Ended);
    }

    [Fact]
    public async Task Cancel_OfWhatWaitsElsewhere_IsNotGivenOutThere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var canceled = await one.SubmitAsync(Flow.Stage("a"));
        var paused = await one.SubmitAsync(Flow.Stage("a"));
        await other.Engine.CancelAsync(canceled, null, null, None);
        await other.Engine.PauseAsync(paused, null, null, None);
        await cluster.PassAsync(2 * Second);
        Assert.Empty(await one.ClaimAsync(most: 10));
        await other.Engine.ResumeAsync(paused, null, None);
        Assert.Equal(paused, Assert.Single(await other.ClaimAsync("noop-2", most: 10)).TaskId.WorkflowId);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Resume_ThroughAnother_OfWhatWaitsHere_IsGivenOutOnce(bool delayed)
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var id = await one.SubmitAsync(Flow.Stage("a"));
        if (delayed)
        {
            await one.ReportAsync(Assert.Single(await one.ClaimAsync()).TaskId, new StageOutcome.Snoozed { DelayMs = 3000 });
        }

        Assert.IsType<CommandOutcome.Applied>(await other.Engine.PauseAsync(id, null, null, None));
        Assert.IsType<CommandOutcome.Applied>(await other.Engine.ResumeAsync(id, null, None));
        await cluster.PassAsync(4 * Second);
        foreach (var engine in (TestEngine[])[one, other])
        {
            engine.Get<ReadyQueue>().Release(cluster.Time.GetUtcNow());
        }

        Assert.Empty(await one.ClaimAsync());
        Assert.Equal(id, Assert.Single(await other.ClaimAsync("noop-2")).TaskId.WorkflowId);
    }

    [Fact]
    public async Task Claim_WhatDidNotWait_AsksTheStoreNothing()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        await one.SubmitAsync(Flow.Stage("a"));
        await cluster.PassAsync(2 * Second);
        Assert.Single(await one.ClaimAsync());
        await cluster.AddAsync("other");
        await one.SubmitAsync(Flow.Stage("a"));
        Assert.Single(await one.ClaimAsync());
        Assert.Equal(0, one.Store.WaitingListed);

        await one.SubmitAsync(Flow.Stage("a"));
        await cluster.PassAsync(2 * Second);
        Assert.Single(await one.ClaimAsync());
        Assert.Equal(1, one.Store.WaitingListed);
    }

    [Fact]
    public async Task Resume_ThroughAnother_DoesNotGiveOutWhatRuns()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var id = await one.SubmitAsync(Flow.Stage("a"));
        Assert.Single(await one.ClaimAsync());
        await one.FlushAsync();
        await other.Engine.PauseAsync(id, null, null, None);
        await other.Engine.ResumeAsync(id, null, None);
        Assert.Empty(await other.ClaimAsync("noop-2"));
    }

    [Fact]
    public async Task Agents_ThatWaitElsewhere_GetTheirShare()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        for (var i = 0; i < 10; i++)
        {
            await one.SubmitAsync(Flow.Stage("a"));
        }

        var claim = other.ClaimAsync("noop-2", most: 3, waitMs: 60_000);
        await cluster.PassAsync(2 * Second);
        Assert.Single(await one.ClaimAsync());
        await cluster.ShareAsync();
        Assert.Equal(3, (await claim.WaitAsync(TimeSpan.FromSeconds(10))).Count);
        Assert.Equal(5, one.Get<ReadyQueue>().DepthOf("noop"));
    }

    [Fact]
    public async Task Attempts_NobodyHereAsksFor_AreLeftToOthers()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        await one.SubmitAsync(Flow.Stage("a"));
        var claim = other.ClaimAsync("noop-2", waitMs: 60_000);
        await cluster.ShareAsync();
        Assert.Single(await claim.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Events_OfAnother_WakeReadersHere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var signal = one.Get<EventSignal>();
        var reader = signal.WaitAsync(signal.LastEventId, None);
        await other.SubmitAsync(Flow.Stage("a"));
        Assert.Equal(1, await one.Get<EventFollower>().RunOnceAsync(None));
        await reader.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(await one.Memory.ReadLastEventIdAsync(None), signal.LastEventId);
    }

    [Fact]
    public async Task Doubt_AfterALostAnswer_DoesNotGiveOutWhatRunsElsewhere()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one");
        var other = await cluster.AddAsync("other");
        var id = await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b"));
        var tasks = await one.ClaimAsync(most: 2);
        await one.FlushAsync();
        other.Store.AfterCommit = _ => throw new StoreUnavailableException("The connection broke.");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => other.ReportAsync(tasks[0].TaskId));
        other.Store.ComeBack();
        cluster.Time.Advance(Second);
        await other.SettleAsync();
        Assert.Empty(await other.ClaimAsync("noop-2", most: 10));
        Assert.Equal(StageStatus.Completed, (await one.StateAsync(id)).Find(tasks[0].TaskId.Stage)!.Status);
    }
}
