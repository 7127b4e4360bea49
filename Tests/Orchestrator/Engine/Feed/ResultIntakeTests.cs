using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Feed;

public sealed class ResultIntakeTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Take_APushedCommit_BecomesTheHead_AndMovesTheBranch()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        var result = TestEngine.Result(new TaskId(id, "a", 1), commit: "c1");
        result = result with { Change = result.Change! with { References = [new ReferenceUpdate("refs/heads/main", "c1")] } };
        Assert.Equal(ReceiptStatus.Accepted, (await engine.Feed.ReportAsync([result], None))[0].Status);
        Assert.Equal("c1", (await engine.StateAsync(id)).HeadCommit);
        Assert.Equal("c1", Assert.Single(await engine.ClaimAsync()).Workspace!.BaseCommit);
        await engine.StopAsync();
        var move = Assert.Single(engine.Workspaces.Moves);
        Assert.Equal((id, "c1", "refs/heads/main"), (move.Id, move.Head, Assert.Single(move.References).Name));
    }

    [Fact]
    public async Task Take_ParallelStages_AreMergedOneAfterTheOther()
    {
        const int Stages = 30;
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync([.. Enumerable.Range(0, Stages).Select(n => Flow.Stage($"s{n}"))]);
        var receipts = await engine.Feed.ReportAsync([.. Enumerable.Range(0, Stages).Select(n => TestEngine.Result(new TaskId(id, $"s{n}", 1), commit: $"c{n}"))], None);
        Assert.All(receipts, receipt => Assert.Equal(ReceiptStatus.Accepted, receipt.Status));
        var state = await engine.StateAsync(id);
        Assert.Equal(Enumerable.Range(0, Stages).Select(n => $"c{n}").Order(), state.HeadCommit!.Split('+').Order());
        Assert.Equal(Stages, engine.Workspaces.Integrations);
        await engine.StopAsync();
        Assert.Equal(Stages, engine.Workspaces.Moves.Count);
        Assert.Equal(state.HeadCommit, engine.Workspaces.Moves[^1].Head);
        Assert.All(engine.Workspaces.Moves.Zip(engine.Workspaces.Moves.Skip(1)), pair => Assert.StartsWith(pair.First.Head, pair.Second.Head, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Take_HeadMovedWhileItWasMerged_IsMergedAgain()
    {
        await using var one = await TestEngine.StartAsync();
        var id = await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b"));
        await using var other = await TestEngine.StartAsync(one);
        var usual = one.Workspaces.Integrate;
        one.Workspaces.Integrate = async (task, head, change) =>
        {
            if (task.Stage == "a" && head is null)
            {
                Assert.Equal(ReceiptStatus.Accepted, (await other.ReportAsync(new TaskId(id, "b", 1), commit: "cb")).Status);
            }

            return await usual(task, head, change);
        };
        Assert.Equal(ReceiptStatus.Accepted, (await one.ReportAsync(new TaskId(id, "a", 1), commit: "ca")).Status);
        Assert.Equal("cb+ca", (await one.StateAsync(id)).HeadCommit);
    }

    [Fact]
    public async Task Take_Conflicting_CountsAsAFailureThatIsTriedAgain()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        engine.Workspaces.Integrate = (_, _, _) => Task.FromResult<IntegrationOutcome>(new IntegrationOutcome.Conflicting(["src/A.cs", "src/B.cs"]));
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(new TaskId(id, "a", 1), commit: "c1")).Status);
        var stage = (await engine.StateAsync(id)).Find("a")!;
        Assert.Equal((StageStatus.Pending, 2, 1, "merge_conflict"), (stage.Status, stage.Attempt, stage.Failures, stage.Error!.Code));
        Assert.Equal("Another stage changed the same places in: src/A.cs, src/B.cs.", stage.Error.Message);
        Assert.Null((await engine.StateAsync(id)).HeadCommit);
    }

    [Fact]
    public async Task Take_CommitNotPushed_CostsNoAttempt()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        engine.Workspaces.Integrate = (_, _, change) => Task.FromResult<IntegrationOutcome>(new IntegrationOutcome.Missing(change.Commit));
        await engine.ReportAsync(new TaskId(id, "a", 1), commit: "c1");
        var stage = (await engine.StateAsync(id)).Find("a")!;
        Assert.Equal((2, 0, 1, "commit_missing"), (stage.Attempt, stage.Failures, stage.Interruptions, stage.Error!.Code));
    }

    [Fact]
    public async Task Take_StaleAttempt_IsNotMerged()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        await engine.Engine.CancelAsync(id, null, null, None);
        Assert.Equal(ReceiptStatus.Stale, (await engine.ReportAsync(new TaskId(id, "a", 1), commit: "c1")).Status);
        Assert.Equal(ReceiptStatus.Unknown, (await engine.ReportAsync(new TaskId(WorkflowId.New(engine.Time), "a", 1), commit: "c1")).Status);
        Assert.Equal(0, engine.Workspaces.Integrations);
    }

    [Fact]
    public async Task Take_AFailureThatPushed_MovesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        await engine.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Failed { Error = Flow.Error() }, commit: "c1");
        Assert.Null((await engine.StateAsync(id)).HeadCommit);
        Assert.Equal(0, engine.Workspaces.Integrations);
    }

    [Fact]
    public async Task Take_WorkspacesFail_TheSenderTriesAgain()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"));
        var usual = engine.Workspaces.Integrate;
        engine.Workspaces.Integrate = (_, _, _) => throw new IOException("The disk is full.");
        await Assert.ThrowsAsync<IOException>(() => engine.ReportAsync(new TaskId(id, "a", 1), commit: "c1"));
        engine.Workspaces.Integrate = usual;
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(new TaskId(id, "a", 1), commit: "c1")).Status);
    }

    [Fact]
    public async Task Take_OfAnAttemptThatTheCacheDoesNotKnowYet_IsMergedAllTheSame()
    {
        await using var one = await TestEngine.StartAsync();
        var id = await one.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        await using var other = await TestEngine.StartAsync(one);
        Assert.Single(await other.ClaimAsync("noop-9"));
        await one.ReportAsync(new TaskId(id, "a", 1));
        Assert.Equal(ReceiptStatus.Accepted, (await other.ReportAsync(new TaskId(id, "b", 1), commit: "cb")).Status);
        Assert.Equal("cb", (await one.StateAsync(id)).HeadCommit);
    }

    [Fact]
    public async Task Advancer_RepositoryLocked_TriesAgain_AndKeepsTheOrder()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        engine.Workspaces.FailNextMoves(2);
        await engine.ReportAsync(new TaskId(id, "a", 1), commit: "c1");
        await engine.ReportAsync(new TaskId(id, "b", 1), commit: "c2");
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (engine.Workspaces.Moves.Count < 2)
        {
            engine.Time.Advance(TimeSpan.FromSeconds(1));
            await Task.Delay(5, patience.Token);
        }

        Assert.Equal(["c1", "c1+c2"], engine.Workspaces.Moves.Select(move => move.Head));
    }
}
