using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class StageRetryTests
{
    [Fact]
    public void Retry_Failed_RunsWhatDidNotComplete_AndKeepsTheRest()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b")).Submitted();
        flow.Complete("a", "c1");
        flow.Fail("b", Flow.Error(retryable: false));
        var decision = flow.Retry();
        Assert.Equal(["b", "c"], Assert.IsType<WorkflowRetried>(decision.Events[0]).Stages);
        Assert.Equal((StageStatus.Completed, StageStatus.Pending, StageStatus.Blocked), (flow["a"].Status, flow["b"].Status, flow["c"].Status));
        Assert.Equal((2, 0, null), (flow["b"].Attempt, flow["b"].Failures, flow["b"].Error));
        Assert.Equal((null, null, "c1"), (flow.State.End, flow.State.Error, flow.State.HeadCommit));
    }

    [Fact]
    public void Retry_WithIterations_GrantsThemToWhatRunsAgainAndKeepsThemLater()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        flow.Complete("a", "c1");
        flow.Fail("b", Flow.Error(retryable: false));
        flow.Retry(iterations: 10);
        Assert.Equal((0, 10), (flow["a"].ExtraIterations, flow["b"].ExtraIterations));
        flow.Fail("b", Flow.Error(retryable: false));
        flow.Retry();
        flow.Fail("b", Flow.Error(retryable: false));
        flow.Retry(iterations: 5);
        Assert.Equal(15, flow["b"].ExtraIterations);
    }

    [Fact]
    public void Retry_FromACompletedStage_RunsAllThatDependOnIt_FromTheCommitWhereItBegan()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b")).Submitted();
        flow.Complete("a", "c1");
        flow.Wait(TimeSpan.FromSeconds(1));
        flow.Complete("b", "c2");
        flow.Complete("c", "c3");
        flow.Retry("b");
        Assert.Equal("c1", flow.State.HeadCommit);
        Assert.Equal((StageStatus.Completed, StageStatus.Pending, StageStatus.Blocked), (flow["a"].Status, flow["b"].Status, flow["c"].Status));
        flow.Complete("b", "c4");
        flow.Complete("c");
        Assert.Equal((WorkflowStatus.Completed, "c4"), (flow.State.Status, flow.State.HeadCommit));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void Retry_CommitsOfOthersThatGoAway_AreMadeAgain(int secondsBetween)
    {
        // The order that matters is the order of the commits, also when all happens in one moment.
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("side"), Flow.Stage("note")).Submitted();
        flow.Complete("a", "c1");
        flow.Wait(TimeSpan.FromSeconds(secondsBetween));
        flow.Complete("side", "c2");
        flow.Complete("note");
        flow.Complete("b", "c3");
        flow.Retry("b");
        Assert.Equal("c1", flow.State.HeadCommit);
        Assert.Equal(
            [StageStatus.Completed, StageStatus.Pending, StageStatus.Pending, StageStatus.Completed],
            flow.State.Stages.Select(stage => stage.Status));
    }

    [Fact]
    public void Retry_CommitsFromBefore_AreKept()
    {
        var flow = Flow.Of(Flow.Stage("side"), Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        flow.Complete("side", "c1");
        flow.Wait(TimeSpan.FromSeconds(1));
        flow.Complete("a", "c2");
        flow.Complete("b", "c3");
        flow.Retry("b");
        Assert.Equal((StageStatus.Completed, "c2"), (flow["side"].Status, flow.State.HeadCommit));
    }

    [Fact]
    public void Retry_HandlersAreSkippedOrRunAfresh()
    {
        var flow = Flow.Of(Flow.Stage("a") with { OnFailure = "tidy" }, Flow.Stage("tidy")).Submitted();
        flow.Fail("a", Flow.Error(retryable: false));
        flow.Complete("tidy");
        flow.Retry();
        Assert.Equal((StageStatus.Pending, StageStatus.Blocked), (flow["a"].Status, flow["tidy"].Status));
        flow.Complete("a");
        Assert.Equal((StageStatus.Skipped, WorkflowStatus.Completed), (flow["tidy"].Status, flow.State.Status));
    }

    [Fact]
    public void Retry_OldAttempts_StayStale()
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        flow.Cancel();
        flow.Retry();
        Assert.Equal(Verdict.Stale, flow.Report("a", new StageOutcome.Completed(), attempt: 1).Verdict);
        Assert.Equal(Verdict.Applied, flow.Complete("a").Verdict);
    }

    [Theory]
    [InlineData(null, "The workflow is completed; name the stage to begin with.")]
    [InlineData("x", "There is no stage 'x'. The stages are: a, b.")]
    public void Retry_Completed_NeedsAStage(string? from, string reason)
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        flow.Complete("a");
        flow.Complete("b");
        Assert.Equal(reason, flow.Retry(from).Reason);
    }

    [Fact]
    public void Retry_FromAStageWhoseNeedFailed_NamesTheNeed()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        Assert.Equal("The workflow is not over; cancel it first, or wait for its end.", flow.Retry("b").Reason);
        flow.Fail("a", Flow.Error(retryable: false));
        Assert.Equal("Stage 'b' needs 'a', which is not completed; begin with that one.", flow.Retry("b").Reason);
    }
}
