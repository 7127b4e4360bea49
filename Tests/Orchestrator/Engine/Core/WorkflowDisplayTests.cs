using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class WorkflowDisplayTests
{
    [Fact]
    public void Of_AWorkflowOnItsWay_ShowsTheDefinitionsWords()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b"), Flow.Stage("d", "c")).Submitted();
        Assert.Equal(new WorkflowDisplay("A", "a", 0), Of(flow));
        flow.Complete("a");
        Assert.Equal(new WorkflowDisplay("B", "b", 25), Of(flow));
        flow.Pause();
        Assert.Equal(new WorkflowDisplay("B", "b", 25), Of(flow));
        flow.Resume();
        flow.Complete("b");
        flow.Complete("c");
        flow.Complete("d");
        Assert.Equal(new WorkflowDisplay("COMPLETED", "d", 100), Of(flow));
    }

    [Fact]
    public void Of_ACanceledWorkflow_ShowsWhereItStood()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b")).Submitted();
        flow.Complete("a");
        flow.Cancel();
        Assert.Equal(new WorkflowDisplay("CANCELED", "b", 33), Of(flow));
    }

    [Fact]
    public void Of_AFailedWorkflow_ShowsTheStageThatFailed()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b", "a"), Flow.Stage("c", "b"), Flow.Stage("tidy")).Submitted();
        flow.Complete("tidy");
        flow.Wait(TimeSpan.FromSeconds(1));
        flow.Fail("a", Flow.Error(retryable: false));
        Assert.Equal(new WorkflowDisplay("FAILED", "a", 25), Of(flow));
    }

    [Fact]
    public void Of_Handlers_DoNotCountAsProgress()
    {
        var flow = Flow.Of(Flow.Stage("a") with { OnFailure = "tidy" }, Flow.Stage("b"), Flow.Stage("tidy")).Submitted();
        flow.Complete("b");
        Assert.Equal(50, Of(flow).Progress);
        flow.Fail("a", Flow.Error(retryable: false));
        Assert.Equal(new WorkflowDisplay("TIDY", "tidy", 50), Of(flow));
        flow.Complete("tidy");
        Assert.Equal(50, Of(flow).Progress);
    }

    private static WorkflowDisplay Of(Flow flow) => WorkflowDisplay.Of(flow.Definition, flow.State);
}
