using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class StageTakeoverTests
{
    private static readonly IReadOnlyDictionary<string, JsonPayload> s_outputs = new Dictionary<string, JsonPayload> { ["a"] = JsonPayload.Parse("1"), ["b"] = JsonPayload.Parse("2"), ["c"] = JsonPayload.Parse("3") };

    [Fact]
    public void Plan_FromTheMiddle_TakesOverWhatARetryWouldKeep()
    {
        var source = Done();
        var (takeovers, refusal) = ForkPlan.Of(source.Definition, source.State, s_outputs, "c");
        Assert.Null(refusal);
        Assert.Equal([("a", "1", "c1"), ("b", "2", "c2")], takeovers.Select(takeover => (takeover.Stage, takeover.Output!.ToString(), takeover.Commit!)));
        Assert.Empty(ForkPlan.Of(source.Definition, source.State, s_outputs, "a").Takeovers);
    }

    [Fact]
    public void Plan_UnknownStageOrOpenNeed_SaysWhy()
    {
        var source = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        Assert.Equal("There is no stage 'x'. The stages are: a, b.", ForkPlan.Of(source.Definition, source.State, s_outputs, "x").Refusal);
        Assert.Equal("Stage 'b' needs 'a', which is not completed; begin with that one.", ForkPlan.Of(source.Definition, source.State, s_outputs, "b").Refusal);
    }

    [Fact]
    public void Submit_WithTakeovers_BeginsAtTheStageWithTheirOutputsAndHead()
    {
        var source = Done();
        var fork = new Flow(source.Definition);
        var origin = new WorkflowOrigin { Kind = WorkflowOriginKind.Fork, Of = source.Header.Id, FromStage = "c" };
        var decision = fork.Do(new WorkflowInput.Submit { At = fork.Now, Origin = origin, Takeovers = ForkPlan.Of(source.Definition, source.State, s_outputs, "c").Takeovers });

        Assert.Equal((StageStatus.Completed, StageStatus.Completed, StageStatus.Pending), (fork["a"].Status, fork["b"].Status, fork["c"].Status));
        Assert.Equal(("c2", "c2", origin), (fork.State.HeadCommit, fork["c"].BaseCommit, fork.State.Origin));
        Assert.Equal([("a", 1, "1"), ("b", 1, "2")], decision.EndedAttempts.Select(end => (end.Stage, end.Attempt, end.Output!.ToString())));
        Assert.Equal(["a", "b", "c"], decision.NewAttempts.Select(begun => begun.Stage));
        fork.Complete("c", "c9");
        Assert.Equal((WorkflowStatus.Completed, "c9"), (fork.State.Status, fork.State.HeadCommit));
        fork.Retry("b");
        Assert.Equal(("c1", 2), (fork.State.HeadCommit, fork["b"].Attempt));
    }

    [Fact]
    public void Submit_EverythingLeftOut_IsCompletedAtOnce()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"));
        flow.Do(new WorkflowInput.Submit { At = flow.Now, Origin = new WorkflowOrigin { Kind = WorkflowOriginKind.Replay, Of = flow.Header.Id, LeftOut = ["b"] } });
        Assert.Equal((StageStatus.Pending, StageStatus.Skipped), (flow["a"].Status, flow["b"].Status));
        flow.Complete("a");
        Assert.Equal(WorkflowStatus.Completed, flow.State.Status);
    }

    private static Flow Done()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b")).Submitted();
        foreach (var (stage, commit) in new[] { ("a", "c1"), ("b", "c2"), ("c", "c3") })
        {
            flow.Wait(TimeSpan.FromSeconds(1));
            flow.Complete(stage, commit);
        }

        return flow;
    }
}
