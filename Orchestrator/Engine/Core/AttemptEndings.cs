using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What follows when an attempt ends: by its result, by silence, or by the clock. Pure.</summary>
internal static class AttemptEndings
{
    public static Decision Report(DecisionDraft draft, WorkflowInput.Report report)
    {
        var result = report.Result;
        if (Refuse(draft, result.TaskId.Stage, result.TaskId.Attempt, out var stage) is { } refused)
        {
            return refused;
        }

        switch (result.Outcome)
        {
            case StageOutcome.Completed claim when draft.DefinitionOf(stage.Name).Accept.Count > 0:
                draft.End(Ending(draft, report, AttemptStatus.Verifying) with { Output = claim.Output }, tellAgent: false);
                draft.Add(new StageClaimed { AgentId = result.AgentId, Commit = report.Commit, References = ReferencesOf(report) }, stage);
                break;
            case StageOutcome.Completed completed:
                draft.End(Ending(draft, report, AttemptStatus.Completed) with { Output = completed.Output }, tellAgent: false);
                draft.Add(new StageCompleted { AgentId = result.AgentId, Commit = report.Commit, References = ReferencesOf(report) }, stage);
                break;
            case StageOutcome.Failed failed:
                draft.End(Ending(draft, report, AttemptStatus.Failed) with { Output = failed.Output, Error = failed.Error }, tellAgent: false);
                Fail(draft, stage, failed.Error, result.AgentId);
                break;
            case StageOutcome.NeedsApproval { Effect.SizeBytes: > EffectKinds.MaxBytes } asks:
                var tooLarge = TooLarge(asks.Effect);
                draft.End(Ending(draft, report, AttemptStatus.Failed) with { Error = tooLarge }, tellAgent: false);
                Fail(draft, stage, tooLarge, result.AgentId);
                break;
            case StageOutcome.NeedsApproval asks:
                draft.End(Ending(draft, report, AttemptStatus.AwaitingApproval), tellAgent: false);
                draft.Add(Questions.OfAttempt(draft.DefinitionOf(stage.Name), asks, draft.State, draft.At), stage);
                break;
            case StageOutcome.Snoozed snoozed:
                draft.End(Ending(draft, report, AttemptStatus.Snoozed), tellAgent: false);
                draft.Add(new AttemptSnoozed { Reason = snoozed.Reason }, stage);
                Again(draft, stage, draft.At.AddMilliseconds(Math.Clamp(snoozed.DelayMs, 1, 366L * 24 * 3600 * 1000)), result.AgentId);
                break;
            default:
                draft.End(Ending(draft, report, AttemptStatus.Lost), tellAgent: false);
                draft.Add(new AttemptLost { Reason = AttemptPolicy.HandedBack }, stage);
                Again(draft, stage, availableAt: null, result.AgentId);
                break;
        }

        draft.Advance();
        return draft.Done();
    }

    public static Decision Lose(DecisionDraft draft, string stageName, int attempt, string reason)
    {
        if (Refuse(draft, stageName, attempt, out var stage) is { } refused)
        {
            return refused;
        }

        draft.End(new AttemptEnd { Stage = stageName, Attempt = attempt, Status = AttemptStatus.Lost, FinishedAt = draft.At }, tellAgent: true);
        draft.Add(new AttemptLost { Reason = reason }, stage);
        if (reason == AttemptPolicy.LeaseExpired && stage.Losses + 1 >= AttemptPolicy.MaxLosses)
        {
            EndStage(draft, stage, StageStatus.Failed, agentId: null, new StructuredError
            {
                Code = "attempts_lost",
                Severity = ErrorSeverity.Fatal,
                Category = ErrorCategory.Poison,
                Message = $"The agents of {AttemptPolicy.MaxLosses} attempts in a row fell silent; the work itself may end them.",
                SuggestedAction = "Look at the agents' logs at the times of the attempts, then retry from this stage.",
            });
        }
        else
        {
            Again(draft, stage, availableAt: null, agentId: null);
        }

        draft.Advance();
        return draft.Done();
    }

    public static Decision TimeOut(DecisionDraft draft, string stageName, int attempt)
    {
        if (Refuse(draft, stageName, attempt, out var stage) is { } refused)
        {
            return refused;
        }

        var error = new StructuredError
        {
            Code = "attempt_timeout",
            Category = ErrorCategory.Timeout,
            Class = FailureClass.Unproductive,
            Retryable = true,
            Message = $"Attempt {attempt} did not end within {DurationText.Format(draft.DefinitionOf(stageName).Timeout)}.",
            SuggestedAction = $"Raise 'timeout' of stage '{stageName}', or make its work smaller.",
        };
        draft.End(new AttemptEnd { Stage = stageName, Attempt = attempt, Status = AttemptStatus.Failed, FinishedAt = draft.At, Error = error }, tellAgent: true);
        Fail(draft, stage, error, agentId: null);
        draft.Advance();
        return draft.Done();
    }

    // Fencing: everything about an attempt that is not the outstanding one ends here and changes nothing.
    private static Decision? Refuse(DecisionDraft draft, string stageName, int attempt, out StageState stage)
    {
        stage = draft.State.Find(stageName)!;
        if (stage is null)
        {
            return draft.Unchanged(Verdict.Unknown, $"The workflow has no stage '{stageName}'.");
        }

        if (draft.State.IsOutstanding(stageName, attempt))
        {
            return null;
        }

        if (stage.CountedAttempt == attempt)
        {
            return draft.Unchanged(Verdict.Duplicate, $"A result of attempt {attempt} counted before.");
        }

        return attempt > stage.Attempt || attempt < 1
            ? draft.Unchanged(Verdict.Unknown, $"Stage '{stageName}' has no attempt {attempt}.")
            : draft.Unchanged(Verdict.Stale, draft.State.End is { } end
                ? $"The workflow is {StatusText.Of(end)}."
                : $"Attempt {attempt} of stage '{stageName}' is over; the current one is {stage.Attempt} and the stage is {StatusText.Of(stage.Status)}.");
    }

    /// <summary>What a failure costs its stage, and what follows.</summary>
    public static void Fail(DecisionDraft draft, StageState stage, StructuredError error, AgentId? agentId)
    {
        var definition = draft.DefinitionOf(stage.Name);
        if (AttemptPolicy.EndOf(definition, stage, error) is { } end)
        {
            EndStage(draft, stage, end, agentId, error);
            return;
        }

        draft.Add(new AttemptFailed { AgentId = agentId, Error = error }, stage);
        draft.Queue(stage.Name, draft.At + AttemptPolicy.DelayAfter(draft.State.Id, definition, stage, error));
    }

    private static void Again(DecisionDraft draft, StageState stage, DateTimeOffset? availableAt, AgentId? agentId)
    {
        if (!AttemptPolicy.IsSpent(stage))
        {
            draft.Queue(stage.Name, availableAt);
            return;
        }

        EndStage(draft, stage, StageStatus.Exhausted, agentId, new StructuredError
        {
            Code = "too_many_attempts",
            Category = ErrorCategory.Limit,
            Message = $"The stage was attempted {AttemptPolicy.MaxAttempts} times.",
            SuggestedAction = "Find out why its attempts give up or snooze, then retry from this stage.",
        });
    }

    public static void EndStage(DecisionDraft draft, StageState stage, StageStatus status, AgentId? agentId, StructuredError error) =>
        draft.Add(new StageEnded { Status = status, AgentId = agentId, Error = error }, stage);

    private static StructuredError TooLarge(JsonPayload effect) => new()
    {
        Code = "effect_too_large",
        Category = ErrorCategory.Validation,
        Class = FailureClass.Unproductive,
        Message = $"The effect to decide about has {effect.SizeBytes} bytes; a person is asked about {EffectKinds.MaxBytes} at most.",
        SuggestedAction = "Put large material into the workspace and name its commit in the effect.",
    };

    private static IReadOnlyList<ReferenceUpdate>? ReferencesOf(WorkflowInput.Report report) =>
        report.Commit is not null && report.Result.Change is { References: { Count: > 0 } references } ? references : null;

    private static AttemptEnd Ending(DecisionDraft draft, WorkflowInput.Report report, AttemptStatus status) => new()
    {
        Stage = report.Result.TaskId.Stage,
        Attempt = report.Result.TaskId.Attempt,
        Status = status,
        FinishedAt = draft.At,
        AgentId = report.Result.AgentId,
        StartedAt = StartOf(draft, report.Result),
        Usage = report.Result.Usage,
        Commit = report.Commit,
        Extras = report.Result.Artifacts.Count == 0 && report.Result.Warnings.Count == 0
            ? null
            : JsonPayload.From(new AttemptExtras(report.Result.Artifacts, report.Result.Warnings)),
    };

    // The agent's date may be wrong by hours. Its work did not begin before the stage was queued, nor later than it ended less the time that it took.
    private static DateTimeOffset? StartOf(DecisionDraft draft, ResultEnvelope result)
    {
        if (result.StartedAt is not { } said)
        {
            return null;
        }

        var latest = draft.At.AddMilliseconds(-Math.Clamp(result.Usage.DurationMs, 0, 3650 * (long)TimeSpan.MillisecondsPerDay));
        var earliest = draft.State.Find(result.TaskId.Stage)?.QueuedAt ?? DateTimeOffset.MinValue;
        return said > latest ? Later(latest, earliest) : Later(said, earliest);
    }

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}

/// <summary>What a result carries for people.</summary>
/// <param name="Artifacts">Files worth showing.</param>
/// <param name="Warnings">Warnings.</param>
public sealed record AttemptExtras(IReadOnlyList<Artifact> Artifacts, IReadOnlyList<string> Warnings);
