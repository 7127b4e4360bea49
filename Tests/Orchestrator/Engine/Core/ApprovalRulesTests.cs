using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class ApprovalRulesTests
{
    private const string Call = """{"kind":"tool_call","command":"rm -rf build"}""";
    private const string Raise = """{"kind":"budget_increase","budget":"workflow/x","limits":{"money":2}}""";
    private static readonly TimeSpan s_hour = TimeSpan.FromHours(1);

    [Fact]
    public void Ask_Effect_IsFrozenInCanonicalFormWithItsHashAndAnIdOfItsOwn()
    {
        var flow = Asking("""{ "command": "rm -rf build", "kind": "tool_call" }""");
        var asked = flow["a"].Approval!;
        Assert.Equal(("tool_call", """{"command":"rm -rf build","kind":"tool_call"}""", CanonicalJson.HashOf(JsonPayload.Parse(Call))), (asked.Kind, asked.Effect.ToString(), asked.EffectHash));
        Assert.Equal(ApprovalId.Of(flow.Header.Id, "a", 1), asked.Id);

        flow.Decide("a");
        flow.Report("a", new StageOutcome.NeedsApproval { Prompt = "Again?" });
        Assert.Equal(ApprovalId.Of(flow.Header.Id, "a", 2), flow["a"].Approval!.Id);
        Assert.Equal("clarification", flow["a"].Approval!.Kind);
    }

    [Fact]
    public void Decide_AskedAfterARetry_HasAnotherId()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Approval = new ApprovalGate { Prompt = "Go?" } }).Submitted();
        var first = flow["a"].Approval!.Id;
        flow.Decide("a", approved: false);
        flow.Retry();
        Assert.NotEqual(first, flow["a"].Approval!.Id);
        Assert.Equal(Verdict.Refused, Decide(flow, seen: first).Verdict);
    }

    [Fact]
    public void Decide_TheSameTwice_ChangesNothing_AndTheOppositeIsRefused()
    {
        var flow = Asking(Call);
        var id = flow["a"].Approval!.Id;
        Assert.Equal(Verdict.Applied, Decide(flow, seen: id).Verdict);
        Assert.Equal(Verdict.NoChange, Decide(flow, seen: id).Verdict);
        Assert.Equal(Verdict.Refused, Decide(flow, seen: id, approved: false).Verdict);
        Assert.Equal(2, flow["a"].Attempt);
    }

    [Fact]
    public void Decide_AnotherHashOrAnotherQuestion_IsRefusedWithWhatIsSoNow()
    {
        var flow = Asking(Call);
        Assert.Contains(flow["a"].Approval!.EffectHash, Decide(flow, hash: new string('0', 64)).Reason, StringComparison.Ordinal);
        Assert.Equal(Verdict.Refused, Decide(flow, seen: ApprovalId.Of(flow.Header.Id, "a", 7)).Verdict);
        Assert.Equal(StageStatus.AwaitingApproval, flow["a"].Status);
    }

    [Fact]
    public void Decide_SomebodyElse_IsForbidden_UntilItEscalatesToThem()
    {
        var terms = new ApprovalTerms { Deciders = ["ann"], ExpiresAfter = s_hour, OnExpiry = ApprovalExpiry.Escalate, EscalateTo = ["bob"], EscalationExpiresAfter = s_hour };
        var flow = Asking(Call, terms);
        Assert.Equal(Verdict.Forbidden, Decide(flow, roles: ["bob", "write"]).Verdict);

        flow.Wait(s_hour);
        Assert.Equal(["bob"], Assert.IsType<ApprovalEscalated>(Assert.Single(flow.Tick().Events)).To);
        Assert.Equal((StageStatus.AwaitingApproval, flow.Now + s_hour), (flow["a"].Status, flow["a"].ApprovalExpiresAt));
        Assert.Equal(Verdict.Forbidden, Decide(flow, roles: ["eve", "write"]).Verdict);
        Assert.Equal(Verdict.Applied, Decide(flow, roles: ["bob", "write"]).Verdict);
    }

    [Fact]
    public void Tick_EscalatedAndNobodyAnswers_CountsAsNo()
    {
        var flow = Asking(Call, new ApprovalTerms { ExpiresAfter = s_hour, OnExpiry = ApprovalExpiry.Escalate, EscalateTo = ["bob"], EscalationExpiresAfter = s_hour });
        flow.Wait(s_hour);
        flow.Tick();
        flow.Wait(s_hour);
        var expired = flow.Tick();
        Assert.Equal((WorkflowStatus.Failed, ApprovalStatus.Expired), (flow.State.Status, expired.Approvals[^1].Status));
    }

    [Fact]
    public void Tick_EscalatedWithoutAnEnd_StaysOpenForEver()
    {
        var flow = Asking(Call, new ApprovalTerms { ExpiresAfter = s_hour, OnExpiry = ApprovalExpiry.Escalate, EscalateTo = ["bob"] });
        flow.Wait(s_hour);
        flow.Tick();
        Assert.Null(flow.State.NextTimerAt);
        flow.Wait(TimeSpan.FromDays(400));
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
        Assert.Equal(Verdict.Applied, Decide(flow).Verdict);
    }

    [Theory]
    [InlineData(ApprovalExpiry.Reject, StageStatus.Failed)]
    [InlineData(ApprovalExpiry.Keep, StageStatus.AwaitingApproval)]
    public void Tick_Expired_DoesWhatThePolicySays(ApprovalExpiry policy, StageStatus status)
    {
        var flow = Asking(Call, new ApprovalTerms { ExpiresAfter = s_hour, OnExpiry = policy });
        flow.Wait(s_hour);
        flow.Tick();
        Assert.Equal(status, flow["a"].Status);
    }

    [Fact]
    public void Tick_Reminders_ComeAtTheirTimesAndNotBefore()
    {
        var flow = Asking(Call, new ApprovalTerms { RemindEvery = s_hour });
        Assert.Equal(flow.Now + s_hour, flow.State.NextTimerAt);
        flow.Wait(s_hour - TimeSpan.FromSeconds(1));
        Assert.Equal(Verdict.NoChange, flow.Tick().Verdict);
        flow.Wait(TimeSpan.FromSeconds(1));
        Assert.Equal(1, Assert.IsType<ApprovalReminded>(Assert.Single(flow.Tick().Events)).Number);
        flow.Wait(TimeSpan.FromHours(30));
        Assert.Equal(2, Assert.IsType<ApprovalReminded>(Assert.Single(flow.Tick().Events)).Number);
        Assert.Equal(flow.Now + s_hour, flow.State.NextTimerAt);
        Decide(flow);
        Assert.Null(flow.State.NextTimerAt);
    }

    [Fact]
    public void Decide_Amended_TheNextAttemptGetsTheAmendedEffectWithItsOwnHash()
    {
        var flow = Asking(Call);
        var other = JsonPayload.Parse("""{"kind":"tool_call","command":"ls"}""");
        var decided = Decide(flow, amended: other);
        var decision = flow["a"].Decision!;
        Assert.Equal((true, CanonicalJson.Of(other), CanonicalJson.HashOf(other)), (decision.Amended, decision.Effect, decision.EffectHash));
        Assert.Equal((ApprovalStatus.Approved, decision), (decided.Approvals[^1].Status, decided.Approvals[^1].Decision));
    }

    [Fact]
    public void Decide_AmendedToAnotherKind_IsRefused()
    {
        var flow = Asking(Call);
        Assert.Equal(Verdict.Refused, Decide(flow, amended: JsonPayload.Parse(Raise)).Verdict);
    }

    [Fact]
    public void Decide_EffectOfTheOrchestrator_TheAttemptWaitsUntilItIsExecuted_Once()
    {
        var flow = Asking(Raise);
        var id = flow["a"].Approval!.Id;
        var decided = Decide(flow);
        Assert.True(decided.Approvals[^1].IsUnexecuted);
        Assert.Empty(decided.NewAttempts);
        Assert.Equal(Verdict.NoChange, Decide(flow, seen: id).Verdict);

        var recorded = Record(flow, id, succeeded: true);
        Assert.False(recorded.Approvals[^1].IsUnexecuted);
        Assert.Equal(2, Assert.Single(recorded.NewAttempts).Attempt);
        Assert.True(flow["a"].Decision!.Execution!.Succeeded);
        Assert.Equal(Verdict.Duplicate, Record(flow, id, succeeded: true).Verdict);
    }

    [Fact]
    public void Record_NotExecuted_TheAgentLearnsIt()
    {
        var flow = Asking(Raise);
        var id = flow["a"].Approval!.Id;
        Decide(flow);
        Record(flow, id, succeeded: false);
        Assert.Equal((StageStatus.Pending, false), (flow["a"].Status, flow["a"].Decision!.Execution!.Succeeded));
    }

    [Theory]
    [InlineData(true, WorkflowStatus.Completed)]
    [InlineData(false, WorkflowStatus.Failed)]
    public void Record_GateOverTheInput_EndsTheStageWithoutAnAgent(bool succeeded, WorkflowStatus end)
    {
        var flow = Executing(Raise);
        var id = flow["a"].Approval!.Id;
        Decide(flow);
        var recorded = Record(flow, id, succeeded);
        Assert.Equal(end, flow.State.Status);
        Assert.Equal(succeeded ? 1 : 0, recorded.EndedAttempts.Count);
    }

    [Fact]
    public void Decide_GateOverAnInputThatNobodyExecutes_FailsTheStage()
    {
        var flow = Executing("""{"kind":"world_peace"}""");
        Decide(flow);
        Assert.Equal((WorkflowStatus.Failed, "effect_not_executed"), (flow.State.Status, flow.State.Error!.Code));
    }

    [Fact]
    public void Cancel_BetweenDecisionAndExecution_NothingIsLeftToExecute()
    {
        var flow = Asking(Raise);
        var id = flow["a"].Approval!.Id;
        Decide(flow);
        var canceled = flow.Cancel();
        Assert.Equal((ApprovalStatus.Approved, false), (canceled.Approvals[^1].Status, canceled.Approvals[^1].IsUnexecuted));
        Assert.Equal(Verdict.Duplicate, Record(flow, id, succeeded: true).Verdict);
    }

    [Fact]
    public void Cancel_OpenQuestion_IsCanceledWithIt()
    {
        var flow = Asking(Call);
        Assert.Equal(ApprovalStatus.Canceled, Assert.Single(flow.Cancel().Approvals).Status);
    }

    [Fact]
    public void Complete_AnotherStageMovesTheHead_TheGateAsksAnewAboutThatCommit()
    {
        var flow = Flow.Of(Flow.Stage("a"), Flow.Stage("b") with { Approval = new ApprovalGate { Prompt = "Go?", ExpiresAfter = s_hour } }).Submitted();
        var (first, expiry) = (flow["b"].Approval!, flow["b"].ApprovalExpiresAt);
        flow.Wait(TimeSpan.FromMinutes(1));
        var moved = flow.Complete("a", commit: "c0ffee");
        var second = flow["b"].Approval!;
        Assert.NotEqual(first.Id, second.Id);
        Assert.Contains("c0ffee", second.Effect.ToString(), StringComparison.Ordinal);
        Assert.Equal(expiry, flow["b"].ApprovalExpiresAt);
        Assert.Equal([ApprovalStatus.Superseded, ApprovalStatus.Open], moved.Approvals.Select(approval => approval.Status));
        Assert.Equal(Verdict.Refused, Decide(flow, "b", seen: first.Id).Verdict);
    }

    [Fact]
    public void Report_EffectTooLarge_IsAFailure()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Retry = new RetryPolicy { MaxAttempts = 1 } }).Submitted();
        flow.Report("a", new StageOutcome.NeedsApproval { Prompt = "Go?", Effect = JsonPayload.From(new string('x', EffectKinds.MaxBytes)) });
        Assert.Equal("effect_too_large", flow.State.Error!.Code);
    }

    private static Flow Asking(string effect, ApprovalTerms? terms = null)
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        flow.Report("a", new StageOutcome.NeedsApproval { Prompt = "May I?", Effect = JsonPayload.Parse(effect), Terms = terms });
        return flow;
    }

    private static Flow Executing(string input)
    {
        var stage = new StageDefinition { Name = "a", Agent = DefinitionReader.OrchestratorAgent, Approval = new ApprovalGate { Prompt = "Go?", Effect = GateEffect.Input } };
        return new Flow(Flow.Define(null, stage), JsonPayload.Parse(input)).Submitted();
    }

    private static Decision Decide(
        Flow flow, string stage = "a", ApprovalId? seen = null, bool approved = true, string? hash = null, IReadOnlyCollection<string>? roles = null, JsonPayload? amended = null) =>
        flow.Do(new WorkflowInput.Decide(stage, Flow.Decision(approved) with { Effect = amended }, null) { At = flow.Now, Approval = seen, SeenHash = hash, Roles = roles });

    private static Decision Record(Flow flow, ApprovalId id, bool succeeded) =>
        flow.Do(new WorkflowInput.RecordExecution("a", id, new EffectExecution { Succeeded = succeeded, At = flow.Now, Message = "So it went." }) { At = flow.Now });
}
