using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

/// <summary>What time alone does: timeouts of workflows, questions that expire.</summary>
public sealed class WorkflowClockTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly ApprovalGate Gate = new() { Prompt = "Go?" };

    [Fact]
    public void Tick_TimeoutPassed_ExhaustsTheWorkflow()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a"), Flow.Stage("b", "a"))).Submitted();
        flow.Complete("a");
        flow.Wait(Hour - TimeSpan.FromSeconds(1));
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
        flow.Wait(TimeSpan.FromSeconds(1));
        var decision = flow.Tick();
        Assert.Equal((WorkflowStatus.Exhausted, "workflow_timeout"), (flow.State.Status, flow.State.Error!.Code));
        Assert.Equal("The workflow did not end within 1h.", flow.State.Reason);
        Assert.Equal([new TaskId(flow.Header.Id, "b", 1)], decision.ToStop);
        Assert.Null(flow.State.NextTimerAt);
    }

    [Fact]
    public void Pause_StopsTheClock()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a"))).Submitted();
        flow.Wait(Hour / 2);
        flow.Pause();
        Assert.Null(flow.State.NextTimerAt);
        flow.Wait(Hour * 10);
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
        flow.Resume();
        Assert.Equal(flow.Now + (Hour / 2), flow.State.NextTimerAt);
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
        flow.Wait(Hour / 2);
        flow.Tick();
        Assert.Equal(WorkflowStatus.Exhausted, flow.State.Status);
    }

    [Fact]
    public void Question_ThatAllWaitFor_StopsTheClock()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a") with { Approval = Gate })).Submitted();
        flow.Wait(Hour * 24 * 60);
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
        flow.Decide("a");
        Assert.Equal(flow.Now + Hour, flow.State.NextTimerAt);
    }

    [Fact]
    public void Question_BesideOtherWork_DoesNotStopTheClock()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a") with { Approval = Gate }, Flow.Stage("b"))).Submitted();
        flow.Wait(Hour / 2);
        flow.Complete("b");
        flow.Wait(Hour * 3);
        flow.Decide("a");
        Assert.Equal(flow.Now + (Hour / 2), flow.State.NextTimerAt);
    }

    [Fact]
    public void Questions_TwoAtOnce_StopTheClockOnce()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a") with { Approval = Gate }, Flow.Stage("b") with { Approval = Gate })).Submitted();
        flow.Wait(Hour);
        flow.Pause();
        flow.Wait(Hour);
        flow.Resume();
        flow.Decide("a");
        Assert.Equal(flow.Now + Hour, flow.State.DeadlineAt);
        flow.Decide("b");
        Assert.Equal(flow.Now + Hour, flow.State.DeadlineAt);
    }

    [Fact]
    public void Tick_QuestionExpired_CountsAsNo()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Approval = Gate with { ExpiresAfter = Hour } }).Submitted();
        Assert.Equal(flow.Now + Hour, flow.State.NextTimerAt);
        flow.Wait(Hour);
        flow.Tick();
        Assert.Equal((WorkflowStatus.Failed, "expiry rejected it: Nobody decided in time."), (flow.State.Status, flow["a"].Error!.Message));
    }

    [Fact]
    public void Tick_QuestionThatIsKept_NeverExpires()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Approval = Gate with { ExpiresAfter = Hour, OnExpiry = ApprovalExpiry.Keep } }).Submitted();
        Assert.Null(flow.State.NextTimerAt);
        flow.Wait(Hour * 1000);
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
    }

    [Fact]
    public void Tick_QuestionExpiredOfManyStages_RejectsAllAndRunsTheHandler()
    {
        var gate = Gate with { ExpiresAfter = Hour };
        var flow = Flow.Of(Flow.Stage("a") with { Approval = gate, OnFailure = "c" }, Flow.Stage("b") with { Approval = gate }, Flow.Stage("c")).Submitted();
        flow.Wait(Hour);
        flow.Tick();
        Assert.Equal([StageStatus.Failed, StageStatus.Failed, StageStatus.Pending], flow.State.Stages.Select(stage => stage.Status));
    }

    [Fact]
    public void Retry_BeginsTheTimeoutAfresh()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a"))).Submitted();
        flow.Wait(Hour);
        flow.Tick();
        flow.Retry();
        Assert.Equal(flow.Now + Hour, flow.State.NextTimerAt);
        Assert.Null(flow.State.HaltedAt);
    }

    [Fact]
    public void Clock_ThatGoesBack_NeverShortensTheDeadline()
    {
        var flow = new Flow(Flow.Define(Hour, Flow.Stage("a"))).Submitted();
        var deadline = flow.State.DeadlineAt;
        flow.Pause();
        flow.Wait(-Hour);
        flow.Resume();
        Assert.Equal(deadline, flow.State.DeadlineAt);
    }
}
