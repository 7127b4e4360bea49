using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class EventNamesTests
{
    private static readonly DateTimeOffset At = new(2026, 3, 4, 5, 6, 7, TimeSpan.Zero);
    private static readonly StructuredError Error = new() { Code = "x", Message = "It broke.", Severity = ErrorSeverity.Info, Class = FailureClass.Throttled, Category = ErrorCategory.Network, Retryable = true };

    public static TheoryData<string, WorkflowEvent> Events => new()
    {
        { "workflow.submitted", new WorkflowSubmitted { DeadlineAt = At } },
        { "workflow.submitted", new WorkflowSubmitted() },
        { "workflow.paused", new WorkflowPaused { By = "ann", Reason = "lunch" } },
        { "workflow.resumed", new WorkflowResumed { By = "ann" } },
        { "workflow.retried", new WorkflowRetried { Stages = ["a", "b"], HeadCommit = "c", DeadlineAt = At, By = "ann" } },
        { "workflow.completed", new WorkflowEnded { End = WorkflowStatus.Completed } },
        { "workflow.failed", new WorkflowEnded { End = WorkflowStatus.Failed, Reason = "r", Error = Error } },
        { "workflow.canceled", new WorkflowEnded { End = WorkflowStatus.Canceled, By = "ann" } },
        { "workflow.exhausted", new WorkflowEnded { End = WorkflowStatus.Exhausted } },
        { "stage.queued", new StageQueued { AvailableAt = At } },
        { "stage.started", new AttemptStarted { AgentId = new AgentId("noop-1") } },
        { "stage.progress", new AttemptProgressed { Message = "m", ProgressPercent = 0, Iteration = 1 } },
        { "stage.log", new AttemptLogged { Lines = ["one", "two"] } },
        { "stage.verifying", new StageClaimed { AgentId = new AgentId("noop-1"), Commit = "c", References = [new ReferenceUpdate("refs/tags/v1", "c")] } },
        { "stage.verification_delayed", new VerificationDelayed { Error = Error, RetryAt = At } },
        { "stage.verified", new ClaimJudged { Verified = true, Evidence = "e" } },
        { "stage.not_verified", new ClaimJudged { Verified = false, Evidence = "e" } },
        { "stage.completed", new StageCompleted { AgentId = new AgentId("noop-1"), Commit = "c", References = [new ReferenceUpdate("refs/tags/v1", "c")] } },
        { "stage.retrying", new AttemptFailed { Error = Error, AgentId = new AgentId("noop-1") } },
        { "stage.lost", new AttemptLost { Reason = "lease_expired" } },
        { "stage.snoozed", new AttemptSnoozed { Reason = "early" } },
        { "stage.failed", new StageEnded { Status = StageStatus.Failed, Error = Error, AgentId = new AgentId("noop-1") } },
        { "stage.exhausted", new StageEnded { Status = StageStatus.Exhausted } },
        { "stage.canceled", new StageEnded { Status = StageStatus.Canceled } },
        { "stage.skipped", new StageEnded { Status = StageStatus.Skipped } },
        { "stage.awaiting_approval", new ApprovalRequested { Prompt = "Go?", Effect = JsonPayload.EmptyObject, ExpiresAt = At } },
        { "stage.approval_reminded", new ApprovalReminded { Id = default, Number = 2 } },
        { "stage.approval_escalated", new ApprovalEscalated { Id = default, To = ["boss"], ExpiresAt = At } },
        { "stage.effect_executed", new EffectExecuted { Id = default, Execution = new EffectExecution { Succeeded = true, At = At, Message = "Done." } } },
        { "stage.approved", new ApprovalDecided { Decision = Flow.Decision(approved: true) } },
        { "stage.rejected", new ApprovalDecided { Decision = Flow.Decision(approved: false) } },
    };

    [Theory]
    [MemberData(nameof(Events))]
    public void Event_AsARow_IsReadBack(string name, WorkflowEvent happened)
    {
        happened = happened with { At = At, Stage = "a", Attempt = 3 };
        Assert.Equal(name, EventNames.Of(happened));
        var bytes = EventNames.Serialize(happened);
        var back = EventNames.Deserialize(name, bytes, At, "a", 3);
        Assert.Equal(happened.GetType(), back.GetType());
        Assert.Equal((At, "a", 3), (back.At, back.Stage, back.Attempt));
        Assert.Equal(bytes, EventNames.Serialize(back));

        // What has columns of its own is not written twice.
        using var document = JsonDocument.Parse(bytes);
        Assert.DoesNotContain(document.RootElement.EnumerateObject(), property => property.Name is "at" or "stage" or "attempt");
    }

    [Theory]
    [MemberData(nameof(Events))]
    public void IsTerminal_OnlyForEndsOfWorkflows(string name, WorkflowEvent happened)
        => Assert.Equal(happened is WorkflowEnded, EventNames.IsTerminal(name));

    [Fact]
    public void Events_OfTheUnion_AreAllInTheTable()
        => Assert.Equal(
            typeof(WorkflowEvent).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(WorkflowEvent))).Select(type => type.Name).Order(),
            Events.Select(row => ((WorkflowEvent)((object?[])row)[1]!).GetType().Name).Distinct().Order());

    [Fact]
    public void IsTerminal_UnknownName_IsNot() => Assert.False(EventNames.IsTerminal("workflow.exploded"));

    [Fact]
    public void State_AsARow_IsReadBack()
    {
        var flow = new Flow(Flow.Define(TimeSpan.FromHours(1), Flow.Stage("a") with { Approval = new ApprovalGate { Prompt = "Go?", ExpiresAfter = TimeSpan.FromHours(1) } }, Flow.Stage("b"))).Submitted();
        flow.Decide("a", approved: false);
        flow.Fail("b");
        flow.Lose("b");
        flow.Pause();
        var json = JsonSerializer.Serialize(flow.State, StackJson.Options);
        var back = JsonSerializer.Deserialize<WorkflowState>(json, StackJson.Options)!;
        Assert.Equal(json, JsonSerializer.Serialize(back, StackJson.Options));
        Assert.False(back.Find("a")!.Decision!.Approved);
        Assert.Equal((1, 1, true), (back.Find("b")!.Failures, back.Find("b")!.Losses, back.Paused));
    }

    [Fact]
    public void State_RowOfAnEarlierVersion_HasTheDefaultsOfWhatItLacks()
    {
        var back = JsonSerializer.Deserialize<WorkflowState>("""{"id":"01890a5d-ac96-774b-bcce-b302099a8057","stages":[{"name":"a"}]}""", StackJson.Options)!;
        Assert.Equal(StageStatus.Blocked, back.Stages[0].Status);
        Assert.Empty(back.Stages[0].References);
    }
}
