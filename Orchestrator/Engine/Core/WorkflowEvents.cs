using System.Collections.Immutable;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The fold: what each event does to a workflow's state. Pure and total.</summary>
public static class WorkflowEvents
{
    /// <summary>The state before the first event: every stage blocked, version 0.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="definition">Its definition.</param>
    public static WorkflowState Initial(WorkflowId id, WorkflowDefinition definition) => new()
    {
        Id = id,
        Stages = [.. definition.Stages.Select(stage => new StageState { Name = stage.Name })],
    };

    /// <summary>Folds a workflow's whole history. Events for people only change nothing.</summary>
    /// <param name="id">The workflow.</param>
    /// <param name="definition">Its definition.</param>
    /// <param name="events">All its events, in order.</param>
    /// <returns>The state, but for <see cref="WorkflowState.Version"/>, which counts decisions and not events.</returns>
    public static WorkflowState Replay(WorkflowId id, WorkflowDefinition definition, IEnumerable<WorkflowEvent> events) =>
        events.Aggregate(Initial(id, definition), Apply);

    /// <summary>Applies one event.</summary>
    /// <param name="state">The state before it.</param>
    /// <param name="happened">The event.</param>
    public static WorkflowState Apply(WorkflowState state, WorkflowEvent happened) => KeepClock(Fold(state, happened), happened.At);

    private static WorkflowState Fold(WorkflowState state, WorkflowEvent happened) => happened switch
    {
        AttemptStarted or AttemptProgressed or AttemptLogged => state,
        WorkflowSubmitted e => state with { DeadlineAt = e.DeadlineAt, Origin = e.Origin, UpdatedAt = e.At },
        WorkflowPaused e => state with { Paused = true, Reason = e.Reason, UpdatedAt = e.At },
        WorkflowResumed e => state with { Paused = false, Reason = null, UpdatedAt = e.At },
        WorkflowRetried e => Retry(state, e),
        WorkflowEnded e => state with { End = e.End, Paused = false, Reason = e.Reason, Error = e.Error, EndedAt = e.At, UpdatedAt = e.At },
        _ => ApplyToStage(state, happened),
    };

    private static WorkflowState ApplyToStage(WorkflowState state, WorkflowEvent happened)
    {
        if (happened.Stage is null || state.Find(happened.Stage) is not { } stage)
        {
            return state;
        }

        state = state with { UpdatedAt = happened.At };
        return happened switch
        {
            StageQueued e => state.With(stage with
            {
                Status = StageStatus.Pending,
                Attempt = e.Attempt ?? stage.Attempt,
                AvailableAt = e.AvailableAt,
                Claim = null,
                QueuedAt = stage.QueuedAt ?? e.At,
                BaseCommit = stage.QueuedAt is null ? state.HeadCommit : stage.BaseCommit,
            }),
            StageClaimed e => state.With(stage with
            {
                Status = StageStatus.Verifying,
                CountedAttempt = e.Attempt,
                Losses = 0,
                AvailableAt = null,
                Claim = new StageClaim { AgentId = e.AgentId, Commit = e.Commit, Base = state.HeadCommit, References = e.References is null ? [] : [.. e.References], At = e.At },
            }),
            VerificationDelayed e => state.With(stage with { Interruptions = stage.Interruptions + 1, AvailableAt = e.RetryAt, Error = e.Error }),
            ClaimJudged e => state.With(stage with { Verified = e.Verified, Evidence = e.Evidence }),
            StageCompleted e => (state with { HeadCommit = e.Commit ?? state.HeadCommit }).With(stage with
            {
                Status = StageStatus.Completed,
                CountedAttempt = e.Attempt,
                Commit = e.Commit,
                References = e.References is null ? [] : [.. e.References],
                Claim = null,
                Error = null,
                EndedAt = e.At,
            }),
            AttemptFailed e => state.With(Count(stage, e.Error) with { CountedAttempt = CountedBy(e.AgentId, e, stage), Losses = e.AgentId is null ? stage.Losses : 0, Error = e.Error }),
            AttemptLost e => state.With(stage with { Losses = e.Reason == AttemptPolicy.LeaseExpired ? stage.Losses + 1 : 0 }),
            AttemptSnoozed e => state.With(stage with { CountedAttempt = e.Attempt, Losses = 0 }),
            StageEnded e => state.With(stage with { Approval = null, Claim = null, Status = e.Status, CountedAttempt = CountedBy(e.AgentId, e, stage), Error = e.Error ?? stage.Error, EndedAt = e.At }),
            ApprovalRequested e => state.With(Ask(state, stage, e)),
            ApprovalReminded e => state.With(stage with { Approval = stage.Approval is { } asked ? asked with { RemindedAt = e.At, Reminders = e.Number } : null }),
            ApprovalEscalated e => state.With(stage with { ApprovalExpiresAt = e.ExpiresAt, Approval = stage.Approval is { } asked ? asked with { EscalatedAt = e.At } : null }),
            ApprovalDecided e => state.With(Decide(stage, e.Decision)),
            EffectExecuted e => state.With(Answered(stage, stage.Decision is { } decision ? decision with { Execution = e.Execution } : null)),
            _ => state,
        };
    }

    private static StageState Ask(WorkflowState state, StageState stage, ApprovalRequested e) => stage with
    {
        Status = StageStatus.AwaitingApproval,
        CountedAttempt = e.Attempt ?? stage.CountedAttempt,
        Losses = 0,
        ApprovalPrompt = e.Prompt,
        ApprovalAskedAt = e.At,
        ApprovalExpiresAt = e.ExpiresAt,
        Questions = stage.Questions + 1,
        Approval = e is { Id: { } id, Effect: { } effect, EffectHash: { } hash }
            ? new ApprovalState { Id = id, Kind = e.Kind ?? EffectKinds.Other, Effect = effect, EffectHash = hash, Terms = e.Terms ?? ApprovalTerms.Open, IsGate = e.IsGate, Commit = e.Commit }
            : null,
        Decision = null,
        QueuedAt = stage.QueuedAt ?? e.At,
        BaseCommit = stage.QueuedAt is null ? state.HeadCommit : stage.BaseCommit,
    };

    // What the orchestrator executes itself stays a question until that is recorded.
    private static StageState Decide(StageState stage, ApprovalDecision decision) => decision.Approved && stage.Approval is { } asked && EffectKinds.IsOrchestrators(asked.Kind)
        ? stage with { Decision = decision, ApprovalExpiresAt = null, Approval = asked with { IsExecuting = true } }
        : Answered(stage, decision);

    private static StageState Answered(StageState stage, ApprovalDecision? decision) =>
        stage with { Decision = decision, Approval = null, ApprovalPrompt = null, ApprovalAskedAt = null, ApprovalExpiresAt = null };

    // What ended without an agent (by the clock, or with its workflow) had no result that counted.
    private static int? CountedBy(AgentId? agentId, WorkflowEvent happened, StageState stage) => agentId is null ? stage.CountedAttempt : happened.Attempt;

    private static StageState Count(StageState stage, StructuredError error) => AttemptPolicy.UsesUpAttempt(error)
        ? stage with { Failures = stage.Failures + 1 }
        : stage with { Interruptions = stage.Interruptions + 1 };

    // While only a person can go on, because they paused it or are asked, the workflow's timeout stands still.
    private static WorkflowState KeepClock(WorkflowState state, DateTimeOffset at)
    {
        if (state.DeadlineAt is not { } deadline)
        {
            return state;
        }

        var halted = state.Status is WorkflowStatus.Paused or WorkflowStatus.Waiting;
        return (halted, state.HaltedAt) switch
        {
            (true, null) => state with { HaltedAt = at },
            (false, { } since) => state with { HaltedAt = null, DeadlineAt = state.End is null && at > since ? deadline + (at - since) : deadline },
            _ => state,
        };
    }

    private static WorkflowState Retry(WorkflowState state, WorkflowRetried happened)
    {
        var again = happened.Stages.ToHashSet(StringComparer.Ordinal);
        return state with
        {
            End = null,
            EndedAt = null,
            Error = null,
            Reason = null,
            HeadCommit = happened.HeadCommit,
            DeadlineAt = happened.DeadlineAt,
            UpdatedAt = happened.At,
            Stages = state.Stages
                .Select(stage => again.Contains(stage.Name)
                    ? new StageState { Name = stage.Name, Attempt = stage.Attempt, AttemptsBefore = stage.Attempt, CountedAttempt = stage.CountedAttempt, ExtraIterations = stage.ExtraIterations + happened.Iterations, Questions = stage.Questions }
                    : stage)
                .ToImmutableArray(),
        };
    }
}
