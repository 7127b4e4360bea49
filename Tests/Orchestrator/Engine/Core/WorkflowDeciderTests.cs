using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class WorkflowDeciderTests
{
    private static readonly string[] Inputs =
        ["submit", "result", "old result", "no stage", "lease lost", "handed back", "timed out", "tick", "cancel", "pause", "resume", "retry", "retry a", "approve a", "approve x"];

    // A applied, N no change, D duplicate, S stale, U unknown, R refused; one letter for each input, in their order.
    [Theory]
    [InlineData("pending", "D A S U A A A N A A N R R R U")]
    [InlineData("delayed", "D A S U A A A N A A N R R R U")]
    [InlineData("waiting", "D U U U U U U N A A N R R A U")]
    [InlineData("asked", "D D S U D D D N A A N R R A U")]
    [InlineData("paused", "D A S U A A A N A N A R R R U")]
    [InlineData("paused waiting", "D U U U U U U N A N A R R A U")]
    [InlineData("overdue", "D A S U A A A A A A N R R R U")]
    [InlineData("completed", "D D S U D D D N R R R R A R U")]
    [InlineData("failed", "D D S U D D D N R R R A A R U")]
    [InlineData("timed out", "D S S U S S S N R R R A A R U")]
    [InlineData("canceled", "D S S U S S S N N R R A A R U")]
    [InlineData("exhausted", "D D S U D D D N R R R A A R U")]
    [InlineData("out of time", "D S S U S S S N R R R A A R U")]
    public void Decide_EveryInputInEveryState(string state, string verdicts)
    {
        var expected = verdicts.Split(' ');
        Assert.Equal(Inputs.Length, expected.Length);
        var actual = Inputs.Select(input => Letter(Apply(InState(state), input).Verdict)).ToList();
        Assert.Equal(Inputs.Zip(expected), Inputs.Zip(actual));
    }

    [Fact]
    public void Submit_StagesWithoutNeeds_AreQueued_OthersWait()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b"), Flow.Stage("c", "a", "b"));
        var decision = flow.Do(new WorkflowInput.Submit { At = flow.Now });
        Assert.Equal([("a", 1), ("b", 1)], decision.NewAttempts.Select(attempt => (attempt.Stage, attempt.Attempt)));
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.queued"], decision.Events.Select(EventNames.Of));
        Assert.Equal(StageStatus.Blocked, flow["c"].Status);
        flow.Complete("a");
        Assert.Equal(StageStatus.Blocked, flow["c"].Status);
        Assert.Equal(["stage.completed", "stage.queued"], flow.Complete("b").Events.Select(EventNames.Of));
        Assert.Equal(["stage.completed", "workflow.completed"], flow.Complete("c").Events.Select(EventNames.Of));
    }

    [Fact]
    public void Report_StaleAttempt_NamesTheCurrentOne()
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        flow.HandBack("a");
        var decision = flow.Report("a", new StageOutcome.Completed(), attempt: 1);
        Assert.Equal(Verdict.Stale, decision.Verdict);
        Assert.Equal("Attempt 1 of stage 'a' is over; the current one is 2 and the stage is pending.", decision.Reason);
        Assert.Equal((Verdict.Unknown, "Stage 'a' has no attempt 3."), Judged(flow.Report("a", new StageOutcome.Completed(), attempt: 3)));
        Assert.Equal((Verdict.Unknown, "The workflow has no stage 'x'."), Judged(flow.Report("x", new StageOutcome.Completed(), attempt: 1)));
        Assert.Equal(Verdict.Unknown, flow.Report("a", new StageOutcome.Completed(), attempt: 0).Verdict);
    }

    [Fact]
    public void Report_AfterTheDeadline_IsStaleAndNotADuplicate()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Retry = new RetryPolicy { MaxAttempts = 2 } }).Submitted();
        flow.TimeOut("a");
        Assert.Equal(Verdict.Stale, flow.Report("a", new StageOutcome.Completed(), attempt: 1).Verdict);
        flow.TimeOut("a");
        Assert.Equal((Verdict.Stale, "The workflow is failed."), Judged(flow.Report("a", new StageOutcome.Completed(), attempt: 2)));
    }

    [Fact]
    public void Report_OfACanceledWorkflow_SaysSo()
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        flow.Cancel();
        Assert.Equal((Verdict.Stale, "The workflow is canceled."), Judged(flow.Complete("a")));
    }

    [Fact]
    public void Report_Twice_IsADuplicate()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b")).Submitted();
        flow.Complete("a");
        Assert.Equal((Verdict.Duplicate, "A result of attempt 1 counted before."), Judged(flow.Complete("a")));
    }

    [Fact]
    public void Report_Completed_KeepsCommitOutputAndReferences()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        var decision = flow.Do(new WorkflowInput.Report
        {
            At = flow.Now,
            Commit = "merged",
            Result = new ResultEnvelope
            {
                TaskId = new TaskId(flow.Header.Id, "a", 1),
                AgentId = new AgentId("noop-1"),
                StartedAt = flow.Now.AddSeconds(-1),
                Outcome = new StageOutcome.Completed { Output = JsonPayload.Parse("1") },
                Change = new WorkspaceChange { Commit = "pushed", References = [new ReferenceUpdate("refs/tags/v1", "pushed")] },
                Warnings = ["slow"],
            },
        });
        var ended = Assert.Single(decision.EndedAttempts);
        Assert.Equal((AttemptStatus.Completed, "1", "merged", """{"artifacts":[],"warnings":["slow"]}"""), (ended.Status, ended.Output!.ToString(), ended.Commit, ended.Extras!.ToString()));
        Assert.Equal("merged", flow.State.HeadCommit);
        Assert.Equal(new ReferenceUpdate("refs/tags/v1", "pushed"), Assert.Single(flow["a"].References));
        Assert.Equal("merged", flow["b"].BaseCommit);
        Assert.Empty(decision.ToStop);
    }

    [Fact]
    public void Report_FailedForGood_SkipsWhatNeedsIt_AndFinishesTheRest()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b"), Flow.Stage("d")).Submitted();
        flow.Fail("a", Flow.Error(retryable: false));
        Assert.Equal([StageStatus.Failed, StageStatus.Skipped, StageStatus.Skipped, StageStatus.Pending], flow.State.Stages.Select(stage => stage.Status));
        Assert.Null(flow.State.End);
        flow.Complete("d");
        Assert.Equal((WorkflowStatus.Failed, "Stage 'a' failed: It broke."), (flow.State.Status, flow.State.Reason));
        Assert.Equal("broken", flow.State.Error!.Code);
    }

    [Fact]
    public void Report_Failed_RunsTheHandler_AndNamesTheCause()
    {
        var flow = Flow.Of(Flow.Stage("tidy"), Flow.Stage("a") with { OnFailure = "tidy" }, Flow.Stage("b", "a")).Submitted();
        Assert.Equal(StageStatus.Blocked, flow["tidy"].Status);
        flow.Fail("a", Flow.Error() with { Category = ErrorCategory.Limit });
        Assert.Equal((StageStatus.Exhausted, StageStatus.Pending, StageStatus.Skipped), (flow["a"].Status, flow["tidy"].Status, flow["b"].Status));
        flow.Fail("tidy", Flow.Error(retryable: false) with { Message = "Cannot tidy." });
        Assert.Equal((WorkflowStatus.Exhausted, "Stage 'a' hit a limit: It broke."), (flow.State.Status, flow.State.Reason));
    }

    [Fact]
    public void Report_NothingFailed_SkipsTheHandler()
    {
        var flow = Flow.Of(Flow.Stage("a") with { OnFailure = "tidy" }, Flow.Stage("b") with { OnFailure = "tidy" }, Flow.Stage("tidy")).Submitted();
        flow.Complete("a");
        Assert.Equal(StageStatus.Blocked, flow["tidy"].Status);
        flow.Complete("b");
        Assert.Equal((StageStatus.Skipped, WorkflowStatus.Completed), (flow["tidy"].Status, flow.State.Status));
    }

    [Fact]
    public void Report_Snoozed_ComesBackThen_AndCostsNothing()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Retry = new RetryPolicy { MaxAttempts = 1 } }).Submitted();
        for (var i = 1; i <= 20; i++)
        {
            var decision = flow.Report("a", new StageOutcome.Snoozed { DelayMs = 90_000, Reason = "Too early." });
            Assert.Equal(flow.Now.AddSeconds(90), Assert.Single(decision.NewAttempts).AvailableAt);
            Assert.Equal(AttemptStatus.Snoozed, Assert.Single(decision.EndedAttempts).Status);
        }

        Assert.Equal((21, 0, 0), (flow["a"].Attempt, flow["a"].Failures, flow["a"].Interruptions));
        flow.Report("a", new StageOutcome.Snoozed { DelayMs = long.MaxValue });
        Assert.Equal(flow.Now.AddDays(366), flow["a"].AvailableAt);
        flow.Report("a", new StageOutcome.Snoozed { DelayMs = long.MinValue });
        Assert.Equal(flow.Now.AddMilliseconds(1), flow["a"].AvailableAt);
    }

    [Fact]
    public void Report_NeedsApproval_WaitsForAPerson_ThenTriesAgainWithTheDecision()
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        var decision = flow.Report("a", new StageOutcome.NeedsApproval { Prompt = "Deploy?" });
        Assert.Equal((WorkflowStatus.Waiting, StageStatus.AwaitingApproval, "Deploy?"), (flow.State.Status, flow["a"].Status, flow["a"].ApprovalPrompt));
        Assert.Equal(AttemptStatus.AwaitingApproval, Assert.Single(decision.EndedAttempts).Status);
        Assert.Empty(decision.NewAttempts);
        flow.Decide("a");
        Assert.Equal((2, true, null), (flow["a"].Attempt, flow["a"].Decision!.Approved, flow["a"].ApprovalPrompt));
        flow.Complete("a");
        Assert.Equal(WorkflowStatus.Completed, flow.State.Status);
    }

    [Fact]
    public void Decide_No_FailsTheStage_AndARetryAsksAgain()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Approval = new ApprovalGate { Prompt = "Go?" } }).Submitted();
        flow.Decide("a", approved: false);
        Assert.Equal((WorkflowStatus.Failed, "approval_rejected", FailureClass.Rejected), (flow.State.Status, flow.State.Error!.Code, flow.State.Error.Class));
        Assert.Equal("Stage 'a' failed: ann rejected it.", flow.State.Reason);
        flow.Retry();
        Assert.Equal((StageStatus.AwaitingApproval, null), (flow["a"].Status, flow["a"].Decision));
    }

    [Fact]
    public void Decide_OnAnOldView_IsRefused()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Approval = new ApprovalGate { Prompt = "Go?" } }, Flow.Stage("b")).Submitted();
        flow.Complete("b");
        Assert.Equal(
            (Verdict.Refused, "The workflow has changed since you looked: it is at version 2, you saw 1. Look again and decide."),
            Judged(flow.Decide("a", seen: 1)));
        Assert.Equal(Verdict.Applied, flow.Decide("a", seen: 2).Verdict);
    }

    [Fact]
    public void Cancel_StopsWhatIsUnderWay_AndTellsTheAgents()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b") with { Approval = new ApprovalGate { Prompt = "Go?" } }, Flow.Stage("c", "a")).Submitted();
        var decision = flow.Cancel();
        Assert.Equal([new TaskId(flow.Header.Id, "a", 1)], decision.ToStop);
        Assert.Equal(AttemptStatus.Canceled, Assert.Single(decision.EndedAttempts).Status);
        Assert.All(flow.State.Stages, stage => Assert.Equal(StageStatus.Canceled, stage.Status));
        Assert.Equal((WorkflowStatus.Canceled, "Canceled by ann."), (flow.State.Status, flow.State.Reason));
    }

    [Fact]
    public void Pause_LetsResultsCount_AndResumeOffersWhatWaits()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a")).Submitted();
        flow.Pause();
        Assert.Equal((WorkflowStatus.Paused, "Paused by ann."), (flow.State.Status, flow.State.Reason));
        flow.Complete("a");
        Assert.Equal((WorkflowStatus.Paused, StageStatus.Pending), (flow.State.Status, flow["b"].Status));
        Assert.Equal([new TaskId(flow.Header.Id, "b", 1)], flow.Resume().ToOffer);
        Assert.Equal((WorkflowStatus.Running, null), (flow.State.Status, flow.State.Reason));
    }

    private static (Verdict, string?) Judged(Decision decision) => (decision.Verdict, decision.Reason);

    private static Flow InState(string state)
    {
        var gate = new ApprovalGate { Prompt = "Go?" };
        var flow = new Flow(Flow.Define(TimeSpan.FromHours(1), Flow.Stage("a") with { Approval = state.Contains("waiting", StringComparison.Ordinal) ? gate : null })).Submitted();
        if (flow["a"].Status is StageStatus.Pending)
        {
            flow.HandBack("a");
        }

        _ = state switch
        {
            "delayed" => flow.Report("a", new StageOutcome.Snoozed { DelayMs = 60_000 }),
            "asked" => flow.Report("a", new StageOutcome.NeedsApproval { Prompt = "Deploy?" }),
            "paused" or "paused waiting" => flow.Pause(),
            "completed" => flow.Complete("a"),
            "failed" => flow.Fail("a", Flow.Error(retryable: false)),
            "timed out" => TimedOut(flow),
            "canceled" => flow.Cancel(),
            "exhausted" => flow.Fail("a", Flow.Error() with { Category = ErrorCategory.Limit }),
            _ => null,
        };
        if (state is "overdue" or "out of time")
        {
            flow.Wait(TimeSpan.FromHours(2));
            _ = state is "overdue" ? null : flow.Tick();
        }

        return flow;
    }

    private static Decision TimedOut(Flow flow)
    {
        flow.TimeOut("a");
        flow.TimeOut("a");
        return flow.TimeOut("a");
    }

    private static Decision Apply(Flow flow, string input) => input switch
    {
        "submit" => flow.Do(new WorkflowInput.Submit { At = flow.Now }),
        "result" => flow.Report("a", new StageOutcome.Completed(), attempt: Math.Max(1, flow["a"].Attempt)),
        "old result" => flow.Report("a", new StageOutcome.Completed(), attempt: 1),
        "no stage" => flow.Report("x", new StageOutcome.Completed(), attempt: 1),
        "lease lost" => flow.Lose("a", Math.Max(1, flow["a"].Attempt)),
        "handed back" => flow.HandBack("a", Math.Max(1, flow["a"].Attempt)),
        "timed out" => flow.TimeOut("a", Math.Max(1, flow["a"].Attempt)),
        "tick" => flow.Tick(),
        "cancel" => flow.Cancel(),
        "pause" => flow.Pause(),
        "resume" => flow.Resume(),
        "retry" => flow.Retry(),
        "retry a" => flow.Retry("a"),
        "approve a" => flow.Decide("a"),
        _ => flow.Decide("x"),
    };

    private static string Letter(Verdict verdict) => verdict switch
    {
        Verdict.Applied => "A",
        Verdict.NoChange => "N",
        Verdict.Duplicate => "D",
        Verdict.Stale => "S",
        Verdict.Unknown => "U",
        _ => "R",
    };
}
