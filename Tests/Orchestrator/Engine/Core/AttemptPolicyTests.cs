using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

public sealed class AttemptPolicyTests
{
    private static readonly WorkflowId Workflow = new(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"));
    private static readonly StageDefinition Plain = Flow.Stage("a") with { Retry = new RetryPolicy { Jitter = 0 } };

    [Theory]
    [InlineData(FailureClass.Productive, true)]
    [InlineData(FailureClass.Unproductive, true)]
    [InlineData(FailureClass.Rejected, true)]
    [InlineData(FailureClass.Infrastructure, false)]
    [InlineData(FailureClass.Throttled, false)]
    public void UsesUpAttempt_ByClass(FailureClass failure, bool counts)
        => Assert.Equal(counts, AttemptPolicy.UsesUpAttempt(Flow.Error(failure)));

    [Theory]
    [InlineData(FailureClass.Productive, true, ErrorCategory.Execution, ErrorSeverity.Error, 0, null)]
    [InlineData(FailureClass.Productive, true, ErrorCategory.Execution, ErrorSeverity.Error, 1, null)]
    [InlineData(FailureClass.Productive, true, ErrorCategory.Execution, ErrorSeverity.Error, 2, StageStatus.Failed)]
    [InlineData(FailureClass.Unproductive, true, ErrorCategory.Execution, ErrorSeverity.Error, 2, StageStatus.Failed)]
    [InlineData(FailureClass.Productive, false, ErrorCategory.Execution, ErrorSeverity.Error, 0, StageStatus.Failed)]
    [InlineData(FailureClass.Productive, true, ErrorCategory.Execution, ErrorSeverity.Fatal, 0, StageStatus.Failed)]
    [InlineData(FailureClass.Productive, true, ErrorCategory.Poison, ErrorSeverity.Error, 0, StageStatus.Failed)]
    [InlineData(FailureClass.Rejected, true, ErrorCategory.Execution, ErrorSeverity.Error, 0, StageStatus.Failed)]
    [InlineData(FailureClass.Productive, true, ErrorCategory.Limit, ErrorSeverity.Error, 0, StageStatus.Exhausted)]
    [InlineData(FailureClass.Infrastructure, true, ErrorCategory.Limit, ErrorSeverity.Error, 0, StageStatus.Exhausted)]
    [InlineData(FailureClass.Infrastructure, false, ErrorCategory.Network, ErrorSeverity.Fatal, 2, null)]
    [InlineData(FailureClass.Throttled, false, ErrorCategory.Network, ErrorSeverity.Error, 2, null)]
    public void EndOf_Failure(FailureClass failure, bool retryable, ErrorCategory category, ErrorSeverity severity, int failuresBefore, StageStatus? end)
        => Assert.Equal(end, AttemptPolicy.EndOf(Plain, new StageState { Name = "a", Attempt = 5, Failures = failuresBefore }, Flow.Error(failure, retryable) with { Category = category, Severity = severity }));

    [Theory]
    [InlineData(39, null)]
    [InlineData(40, StageStatus.Failed)]
    public void EndOf_InfrastructureAgainAndAgain_FailsTheStageInTheEnd(int interruptionsBefore, StageStatus? end)
        => Assert.Equal(end, AttemptPolicy.EndOf(Plain, new StageState { Name = "a", Attempt = 5, Interruptions = interruptionsBefore }, Flow.Error(FailureClass.Infrastructure)));

    [Theory]
    [InlineData(999, 0, null)]
    [InlineData(1000, 0, StageStatus.Exhausted)]
    [InlineData(1000, 1, null)]
    [InlineData(1999, 1000, null)]
    [InlineData(2000, 1000, StageStatus.Exhausted)]
    public void EndOf_AttemptsSinceTheLastRetry_AreLimited(int attempt, int before, StageStatus? end)
        => Assert.Equal(end, AttemptPolicy.EndOf(Plain, new StageState { Name = "a", Attempt = attempt, AttemptsBefore = before }, Flow.Error(FailureClass.Infrastructure)));

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 4)]
    [InlineData(5, 32)]
    [InlineData(6, 60)]
    [InlineData(500, 60)]
    public void DelayAfter_CountedFailures_GrowsToTheLongestWait(int failures, double seconds)
        => Assert.Equal(TimeSpan.FromSeconds(seconds), AttemptPolicy.DelayAfter(Workflow, Plain, new StageState { Name = "a", Failures = failures, Interruptions = 3 }, Flow.Error()));

    [Fact]
    public void DelayAfter_Infrastructure_HasItsOwnPatience()
    {
        var impatient = Plain with { Retry = new RetryPolicy { InitialDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero } };
        var delay = AttemptPolicy.DelayAfter(Workflow, impatient, new StageState { Name = "a", Interruptions = 3 }, Flow.Error(FailureClass.Infrastructure));
        Assert.InRange(delay, TimeSpan.FromSeconds(8 * 0.8), TimeSpan.FromSeconds(8 * 1.2));
    }

    [Theory]
    [InlineData(10L, 1000)]
    [InlineData(5000L, 5000)]
    [InlineData(-1L, 1000)]
    [InlineData(long.MaxValue, 86_400_000)]
    public void DelayAfter_AskedToWait_WaitsAtLeastSoLong(long retryAfterMs, double milliseconds)
        => Assert.Equal(TimeSpan.FromMilliseconds(milliseconds), AttemptPolicy.DelayAfter(Workflow, Plain, new StageState { Name = "a" }, Flow.Error(FailureClass.Productive, retryAfterMs: retryAfterMs)));

    [Fact]
    public void DelayAfter_Jitter_SpreadsButIsTheSameForTheSameHistory_AndNeverBeyondTheLongestWait()
    {
        var definition = Flow.Stage("a") with { Retry = new RetryPolicy { Jitter = 1, InitialDelay = TimeSpan.FromSeconds(10), MaxDelay = TimeSpan.FromSeconds(30), Multiplier = 1.5 } };
        var delays = (from attempt in Enumerable.Range(1, 200)
                      select AttemptPolicy.DelayAfter(Workflow, definition, new StageState { Name = "a", Attempt = attempt, Failures = attempt }, Flow.Error())).ToList();
        Assert.True(delays.Distinct().Count() > 190);
        Assert.InRange(delays.Max(), TimeSpan.FromSeconds(25), TimeSpan.FromSeconds(30));
        Assert.InRange(delays.Min(), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(delays[7], AttemptPolicy.DelayAfter(Workflow, definition, new StageState { Name = "a", Attempt = 8, Failures = 8 }, Flow.Error()));
    }

    [Fact]
    public void Losses_FiveInARow_FailTheStage()
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        for (var i = 0; i < 4; i++)
        {
            flow.Lose("a");
        }

        flow.Lose("a");
        Assert.Equal((StageStatus.Failed, "attempts_lost", ErrorCategory.Poison), (flow["a"].Status, flow["a"].Error!.Code, flow["a"].Error!.Category));
        Assert.Equal(5, flow["a"].Attempt);
    }

    [Theory]
    [InlineData("handed back")]
    [InlineData("snoozed")]
    [InlineData("failed")]
    [InlineData("asked")]
    public void Losses_AnAgentAnsweredBetween_AreNotInARow(string answer)
    {
        var flow = Flow.Of(Flow.Stage("a") with { Retry = new RetryPolicy { MaxAttempts = 20 } }).Submitted();
        for (var i = 0; i < 10; i++)
        {
            flow.Lose("a");
            flow.Lose("a");
            flow.Lose("a");
            flow.Lose("a");
            _ = answer switch
            {
                "handed back" => flow.HandBack("a"),
                "snoozed" => flow.Report("a", new StageOutcome.Snoozed { DelayMs = 1 }),
                "failed" => flow.Fail("a"),
                _ => flow.Report("a", new StageOutcome.NeedsApproval { Prompt = "Go on?" }),
            };
            _ = flow["a"].Status is StageStatus.AwaitingApproval ? flow.Decide("a") : null;
        }

        Assert.Equal(StageStatus.Pending, flow["a"].Status);
    }

    [Fact]
    public void Losses_WithTimeoutsBetween_StayInARow()
    {
        var flow = Flow.Of(Flow.Stage("a") with { Retry = new RetryPolicy { MaxAttempts = 20 } }).Submitted();
        for (var i = 0; i < 5; i++)
        {
            flow.TimeOut("a");
            flow.Lose("a");
        }

        Assert.Equal(StageStatus.Failed, flow["a"].Status);
    }

    [Fact]
    public void HandBack_WithoutEnd_ExhaustsTheStage_AndARetryHasAllAttemptsAgain()
    {
        var flow = Flow.Of(Flow.Stage("a")).Submitted();
        while (flow.State.End is null)
        {
            flow.HandBack("a");
        }

        Assert.Equal((WorkflowStatus.Exhausted, 1000, "too_many_attempts"), (flow.State.Status, flow["a"].Attempt, flow["a"].Error!.Code));
        flow.Retry();
        flow.HandBack("a");
        Assert.Equal((WorkflowStatus.Running, 1002), (flow.State.Status, flow["a"].Attempt));
    }
}
