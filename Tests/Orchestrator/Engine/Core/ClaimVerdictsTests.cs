using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class ClaimVerdictsTests
{
    [Fact]
    public void Report_StageWithChecks_IsAClaimAndMovesNothing()
    {
        var flow = Flow.Of(Flow.Checked("a"), Flow.Stage("b", "a")).Submitted();
        var decision = flow.Complete("a", "c1");
        Assert.Equal((StageStatus.Verifying, "c1", null), (flow["a"].Status, flow["a"].Claim!.Commit, flow.State.HeadCommit));
        Assert.Equal(AttemptStatus.Verifying, Assert.Single(decision.EndedAttempts).Status);
        Assert.Equal((StageStatus.Blocked, WorkflowStatus.Running), (flow["b"].Status, flow.State.Status));
        Assert.Equal(Verdict.Duplicate, flow.Complete("a", "c1").Verdict);
    }

    [Fact]
    public void Judge_Holds_CompletesTheStageWithTheCommitThatCounts()
    {
        var flow = Flow.Of(Flow.Checked("a"), Flow.Stage("b", "a")).Submitted();
        flow.Complete("a", "c1");
        var decision = flow.Judge("a", commit: "c2");
        Assert.Equal((StageStatus.Completed, "c2", "c2", true, "e"), (flow["a"].Status, flow["a"].Commit, flow.State.HeadCommit, flow["a"].Verified, flow["a"].Evidence));
        Assert.Equal([new AttemptSettlement("a", 1, AttemptStatus.Completed, null)], decision.SettledAttempts);
        Assert.Equal(StageStatus.Pending, flow["b"].Status);
        Assert.Equal(["stage.verified", "stage.completed", "stage.queued"], decision.Events.Select(EventNames.Of));
        Assert.Equal(Verdict.Stale, flow.Judge("a", commit: "c2").Verdict);
    }

    [Fact]
    public void Judge_DoesNotHold_CountsAndTheNextAttemptKnowsWhy()
    {
        var flow = Flow.Of(Flow.Checked("a") with { Retry = new RetryPolicy { MaxAttempts = 2 } }).Submitted();
        flow.Complete("a", "c1");
        flow.Judge("a", Flow.NotVerified());
        Assert.Equal((StageStatus.Pending, 2, 1, "not_verified", false), (flow["a"].Status, flow["a"].Attempt, flow["a"].Failures, flow["a"].Error!.Code, flow["a"].Verified));
        flow.Complete("a", "c2");
        var decision = flow.Judge("a", Flow.NotVerified());
        Assert.Equal((StageStatus.Failed, WorkflowStatus.Failed, null), (flow["a"].Status, flow.State.End, flow.State.HeadCommit));
        Assert.Equal("Stage 'a' failed: Not verified: README.md is not there.", flow.State.Reason);
        Assert.Equal(["stage.not_verified", "stage.failed", "workflow.failed"], decision.Events.Select(EventNames.Of));
    }

    [Fact]
    public void Judge_CouldNotBeMade_NeverCountsAgainstTheAgent()
    {
        var flow = Flow.Of(Flow.Checked("a") with { Retry = new RetryPolicy { MaxAttempts = 1 } }).Submitted();
        flow.Complete("a", "c1");
        for (var i = 0; i < AttemptPolicy.MaxInterruptions; i++)
        {
            flow.Judge("a", Flow.Error(FailureClass.Infrastructure));
            Assert.Equal((StageStatus.Verifying, 1, 0), (flow["a"].Status, flow["a"].Attempt, flow["a"].Failures));
            Assert.True(flow["a"].AvailableAt > flow.Now);
        }

        flow.Judge("a");
        Assert.Equal(StageStatus.Completed, flow["a"].Status);
    }

    [Fact]
    public void Judge_CouldNotBeMadeForTooLong_FailsTheStageWithThatReason()
    {
        var flow = Flow.Of(Flow.Checked("a")).Submitted();
        flow.Complete("a", "c1");
        for (var i = 0; i <= AttemptPolicy.MaxInterruptions; i++)
        {
            flow.Judge("a", Flow.Error(FailureClass.Infrastructure));
        }

        Assert.Equal((StageStatus.Failed, "broken", 0), (flow["a"].Status, flow["a"].Error!.Code, flow["a"].Failures));
    }

    [Fact]
    public void Cancel_WhileVerifying_EndsTheClaimToo()
    {
        var flow = Flow.Of(Flow.Checked("a")).Submitted();
        flow.Complete("a", "c1");
        var decision = flow.Cancel();
        Assert.Equal([new AttemptSettlement("a", 1, AttemptStatus.Canceled, null)], decision.SettledAttempts);
        Assert.Equal((StageStatus.Canceled, WorkflowStatus.Canceled), (flow["a"].Status, flow.State.End));
        Assert.Equal(Verdict.Stale, flow.Judge("a").Verdict);
    }

    [Fact]
    public void Pause_WhileVerifying_TheVerdictStillCounts()
    {
        var flow = Flow.Of(Flow.Checked("a"), Flow.Stage("b", "a")).Submitted();
        flow.Complete("a", "c1");
        flow.Pause();
        flow.Judge("a", commit: "c1");
        Assert.Equal((StageStatus.Completed, WorkflowStatus.Paused), (flow["a"].Status, flow.State.Status));
        flow.Resume();
        Assert.Equal(StageStatus.Pending, flow["b"].Status);
    }

    [Fact]
    public void Tick_WorkflowTimeoutWhileVerifying_EndsExhausted()
    {
        var flow = new Flow(Flow.Define(TimeSpan.FromHours(1), Flow.Checked("a"))).Submitted();
        flow.Complete("a", "c1");
        flow.Wait(TimeSpan.FromHours(2));
        flow.Tick();
        Assert.Equal((WorkflowStatus.Exhausted, StageStatus.Canceled), (flow.State.End, flow["a"].Status));
    }

    [Fact]
    public void TimeOutOrLoseLease_WhileVerifying_ChangeNothing()
    {
        var flow = Flow.Of(Flow.Checked("a")).Submitted();
        flow.Complete("a", "c1");
        Assert.Equal(Verdict.Duplicate, flow.TimeOut("a").Verdict);
        Assert.Equal(Verdict.Duplicate, flow.Lose("a").Verdict);
        Assert.Equal(StageStatus.Verifying, flow["a"].Status);
    }

    [Fact]
    public void Judge_NothingIsClaimed_IsRefused()
    {
        var flow = Flow.Of(Flow.Checked("a")).Submitted();
        Assert.Equal(Verdict.Stale, flow.Judge("a").Verdict);
        Assert.Equal(Verdict.Unknown, flow.Judge("nowhere").Verdict);
    }
}
