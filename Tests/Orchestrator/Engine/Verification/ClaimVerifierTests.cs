using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Cluster;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Verification;

public sealed class ClaimVerifierTests
{
    private static readonly VerificationOutcome Holds = new VerificationOutcome.Holds("e1");
    private readonly ScriptedVerifier _verifier = new();

    [Fact]
    public async Task Claim_Holds_CompletesTheStageAndTheBranchMovesOnlyThen()
    {
        await using var engine = await StartAsync();
        var id = await ClaimAsync(engine);
        Assert.Equal(StageStatus.Verifying, (await engine.StateAsync(id)).Find("a")!.Status);
        Assert.Empty(engine.Workspaces.Moves);
        Assert.Empty(await engine.ClaimAsync());

        var claim = await _verifier.AnswerAsync(Holds);
        Assert.Equal(("c1", "noop-1"), (claim.Claim.Commit, claim.Claim.AgentId?.Value));
        await UntilAsync(engine, id, state => state.Find("a")!.Status is StageStatus.Completed);
        await Eventually.TrueAsync(() => engine.Workspaces.Moves.Any(move => move.Head == "c1"), "the branch moves");
        var next = await NextAsync(engine);
        Assert.Equal("""{"made":1}""", next.WorkflowContext.StageOutputs["a"].ToString());
        Assert.Equal(1, _verifier.Asked);
    }

    [Fact]
    public async Task Claim_DoesNotHold_NextAttemptIsToldWhatWasFound()
    {
        await using var engine = await StartAsync();
        var id = await ClaimAsync(engine);
        await _verifier.AnswerAsync(new VerificationOutcome.Refuted(Flow.NotVerified() with { Details = "README.md is not there" }, "e1"));
        await UntilAsync(engine, id, state => state.Find("a")!.Attempt == 2);
        Assert.Empty(engine.Workspaces.Moves);
        await engine.RunAsync<AttemptReleaser>();

        // Again and again: the releaser may be about to wait when the clock moves.
        var next = await NextAsync(engine, () => engine.Time.Advance(TimeSpan.FromSeconds(10)));
        Assert.Equal(("not_verified", "README.md is not there", 1), (next.PreviousError!.Code, next.PreviousError.Details, next.RetryCount));
        Assert.IsType<AcceptanceCheck.FileState>(Assert.Single(next.Accept));
        var attempt = await engine.AttemptAsync(new TaskId(id, "a", 1));
        Assert.Equal((AttemptStatus.Failed, "not_verified", "c1"), (attempt.Attempt.Status, attempt.Error!.Code, attempt.Commit));
        Assert.NotNull(attempt.Output);
    }

    [Fact]
    public async Task Claim_OrchestratorDiesInTheMiddle_IsCheckedAgainByTheNext()
    {
        WorkflowId id;
        TestEngine dead;
        await using (dead = await StartAsync())
        {
            id = await ClaimAsync(dead);
            await _verifier.NextAsync();
        }

        await using var engine = await StartAsync(dead);
        await engine.Get<ClaimVerifier>().RunOnceAsync(CancellationToken.None);
        await _verifier.AnswerAsync(Holds);
        await UntilAsync(engine, id, state => state.Find("a")!.Status is StageStatus.Completed);
        Assert.Equal(2, _verifier.Asked);
        Assert.Single(await engine.EventsAsync(id), name => name == "stage.completed");
    }

    [Fact]
    public async Task Cancel_WhileVerifying_StopsTheChecksAndTheVerdictIsGone()
    {
        await using var engine = await StartAsync();
        var id = await ClaimAsync(engine);
        await _verifier.NextAsync();
        await engine.Engine.CancelAsync(id, "ann", null, CancellationToken.None);
        await Eventually.TrueAsync(() => _verifier.Stopped == 1, "the checks stop");
        Assert.Equal(AttemptStatus.Canceled, (await engine.AttemptAsync(new TaskId(id, "a", 1))).Attempt.Status);
    }

    [Fact]
    public async Task Claim_CouldNotBeChecked_IsCheckedAgainLaterAndCostsNothing()
    {
        await using var engine = await StartAsync();
        var id = await ClaimAsync(engine);
        await _verifier.AnswerAsync(new VerificationOutcome.Unable(Flow.Error(FailureClass.Infrastructure)));
        await UntilAsync(engine, id, state => state.Find("a")!.Interruptions == 1);
        var verifier = engine.Get<ClaimVerifier>();
        Assert.Equal(0, await verifier.RunOnceAsync(CancellationToken.None));
        engine.Time.Advance(TimeSpan.FromSeconds(5));
        await Eventually.TrueAsync(async () => _verifier.Asked == 2 || await verifier.RunOnceAsync(CancellationToken.None) == 1, "it is checked again");
        await _verifier.AnswerAsync(Holds);
        await UntilAsync(engine, id, state => state.Find("a")!.Status is StageStatus.Completed);
        Assert.Equal(0, (await engine.StateAsync(id)).Find("a")!.Failures);
    }

    [Fact]
    public async Task Claim_HeadMovedMeanwhile_IsMergedWithIt()
    {
        await using var engine = await StartAsync();
        var id = await engine.SubmitAsync(Flow.Checked("a"), Flow.Stage("b"));
        var tasks = await engine.ClaimAsync(most: 2);
        await engine.ReportAsync(tasks.Single(task => task.TaskId.Stage == "a").TaskId, commit: "c1");
        var (_, answer) = await _verifier.NextAsync();
        await engine.ReportAsync(tasks.Single(task => task.TaskId.Stage == "b").TaskId, commit: "c2");
        Assert.Equal("c2", (await engine.StateAsync(id)).HeadCommit);
        answer.SetResult(Holds);
        await UntilAsync(engine, id, state => state.End is WorkflowStatus.Completed);
        Assert.Equal("c2+c1", (await engine.StateAsync(id)).HeadCommit);
    }

    [Fact]
    public async Task Claim_TakenInByAnother_IsCheckedByTheLeaderAndByItsSuccessorWhenItDies()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one", verifier: _verifier);
        var other = await cluster.AddAsync("other", verifier: _verifier);
        await cluster.BeatAsync();
        var id = await ClaimAsync(other);
        Assert.Equal(1, await one.Get<ClaimVerifier>().RunOnceAsync(CancellationToken.None));
        var (_, late) = await _verifier.NextAsync();

        cluster.Kill(one);
        await cluster.PassAsync(TimeSpan.FromSeconds(10));
        Assert.True(other.Get<ClusterNode>().Leads);
        Assert.Equal(1, await other.Get<ClaimVerifier>().RunOnceAsync(CancellationToken.None));
        await _verifier.AnswerAsync(Holds);
        await UntilAsync(other, id, state => state.Find("a")!.Status is StageStatus.Completed);

        // The dead one was only away: its verdict comes too late.
        late.SetResult(new VerificationOutcome.Refuted(Flow.NotVerified(), "e2"));
        await Eventually.TrueAsync(() => one.Get<ClaimBoard>().Running().Count == 0, "it hands its verdict in");
        Assert.Equal((StageStatus.Completed, "e1"), ((await other.StateAsync(id)).Find("a")!.Status, (await other.StateAsync(id)).Find("a")!.Evidence));
        Assert.Single(await other.EventsAsync(id), name => name == "stage.completed");
    }

    [Fact]
    public async Task Cancel_ThroughAnother_StopsTheChecksOfTheLeader()
    {
        await using var cluster = new TestCluster();
        var one = await cluster.AddAsync("one", verifier: _verifier);
        var other = await cluster.AddAsync("other", verifier: _verifier);
        await cluster.BeatAsync();
        var id = await ClaimAsync(other);
        await one.Get<ClaimVerifier>().RunOnceAsync(CancellationToken.None);
        await _verifier.NextAsync();
        await other.Engine.CancelAsync(id, "ann", null, CancellationToken.None);
        await one.Get<ClaimVerifier>().RunOnceAsync(CancellationToken.None);
        await Eventually.TrueAsync(() => _verifier.Stopped == 1, "the checks stop");
    }

    [Fact]
    public async Task Claims_Many_AreCheckedAFewAtOnce()
    {
        await using var engine = await StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await ClaimAsync(engine);
        }

        await Eventually.TrueAsync(() => _verifier.Asked == 2, "two are checked");
        Assert.Equal(0, await engine.Get<ClaimVerifier>().RunOnceAsync(CancellationToken.None));
        for (var i = 0; i < 5; i++)
        {
            await _verifier.AnswerAsync(Holds);
        }

        Assert.Equal(5, _verifier.Asked);
    }

    [Fact]
    public async Task Claim_StoreIsAwayAtTheVerdict_TheVerdictIsHandedInWhenItIsBack()
    {
        await using var engine = await StartAsync();
        var id = await ClaimAsync(engine);
        engine.Store.GoAway();
        await _verifier.AnswerAsync(Holds);
        engine.Store.ComeBack();
        await Eventually.TrueAsync(
            async () =>
            {
                engine.Time.Advance(TimeSpan.FromSeconds(1));
                return (await engine.StateAsync(id)).Find("a")!.Status is StageStatus.Completed;
            },
            "the stage is completed");
        Assert.Equal(1, _verifier.Asked);
    }

    private async Task<TestEngine> StartAsync(TestEngine? after = null)
    {
        var engine = await TestEngine.StartAsync(after, verifier: _verifier);
        await engine.RunAsync<ClaimVerifier>();
        return engine;
    }

    private static async Task<WorkflowId> ClaimAsync(TestEngine engine)
    {
        var id = await engine.SubmitAsync(Flow.Checked("a"), Flow.Stage("b", "a"));
        var task = Assert.Single(await engine.ClaimAsync());
        var receipt = await engine.ReportAsync(task.TaskId, new StageOutcome.Completed { Output = JsonPayload.Parse("""{"made":1}""") }, "c1");
        Assert.Equal(ReceiptStatus.Accepted, receipt.Status);
        return id;
    }

    // What is stored is offered a moment later.
    private static async Task<TaskEnvelope> NextAsync(TestEngine engine, Action? beforeEachLook = null)
    {
        IReadOnlyList<TaskEnvelope> tasks = [];
        await Eventually.TrueAsync(
            async () =>
            {
                beforeEachLook?.Invoke();
                tasks = await engine.ClaimAsync();
                return tasks.Count > 0;
            },
            "an attempt is offered");
        return tasks[0];
    }

    private static Task UntilAsync(TestEngine engine, WorkflowId id, Func<WorkflowState, bool> wanted) => Eventually.TrueAsync(async () => wanted(await engine.StateAsync(id)), "the workflow gets there");
}
