using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// The pure core: what a workflow does about an input. No I/O, no clock, no randomness; the same state and input always give the same decision.
/// </summary>
/// <remarks>
/// What always holds: a terminal workflow changes only by a retry; a stage succeeds at most once between retries; an input about an attempt that is not current changes nothing;
/// no stage starts before its needs are completed; a cancel always ends the workflow; folding the events gives the state.
/// </remarks>
public static class WorkflowDecider
{
    /// <summary>Decides.</summary>
    /// <param name="header">What never changes about the workflow.</param>
    /// <param name="definition">Its definition.</param>
    /// <param name="state">Its state.</param>
    /// <param name="input">The input.</param>
    public static Decision Decide(WorkflowHeader header, WorkflowDefinition definition, WorkflowState state, WorkflowInput input)
    {
        var draft = new DecisionDraft(header, definition, state, input.At);
        return input switch
        {
            WorkflowInput.Submit submit => Submit(draft, submit),
            WorkflowInput.Report report => AttemptEndings.Report(draft, report),
            WorkflowInput.Judge verdict => ClaimVerdicts.Judge(draft, verdict),
            WorkflowInput.LoseLease lost => AttemptEndings.Lose(draft, lost.Stage, lost.Attempt, AttemptPolicy.LeaseExpired),
            WorkflowInput.HandBack back => AttemptEndings.Lose(draft, back.Stage, back.Attempt, AttemptPolicy.HandedBack),
            WorkflowInput.TimeOut late => AttemptEndings.TimeOut(draft, late.Stage, late.Attempt),
            WorkflowInput.Tick => Tick(draft),
            WorkflowInput.Cancel cancel => Cancel(draft, cancel),
            WorkflowInput.Pause pause => Pause(draft, pause),
            WorkflowInput.Resume resume => Resume(draft, resume),
            WorkflowInput.Retry retry => StageRetry.Retry(draft, retry),
            WorkflowInput.Decide decide => ApprovalRules.Decide(draft, decide),
            WorkflowInput.RecordExecution executed => ApprovalRules.Record(draft, executed),
            _ => throw new ArgumentOutOfRangeException(nameof(input), input.GetType().Name, "An input without a decision."),
        };
    }

    private static Decision Submit(DecisionDraft draft, WorkflowInput.Submit submit)
    {
        if (draft.State.Version != 0)
        {
            return draft.Unchanged(Verdict.Duplicate, "The workflow was submitted before.");
        }

        draft.Add(new WorkflowSubmitted { DeadlineAt = draft.Definition.Timeout is { } timeout ? draft.At + timeout : null, Origin = submit.Origin });
        foreach (var takeover in submit.Takeovers)
        {
            draft.TakeOver(takeover);
        }

        foreach (var stage in submit.Origin?.LeftOut ?? [])
        {
            draft.Add(new StageEnded { Stage = stage, Status = StageStatus.Skipped });
        }

        draft.Advance();
        return draft.Done();
    }

    private static Decision Tick(DecisionDraft draft)
    {
        if (draft.State.NextTimerAt is not { } due || due > draft.At)
        {
            return draft.Unchanged(Verdict.NoChange, "Nothing is due.");
        }

        ApprovalRules.Tick(draft);
        draft.Advance();
        if (draft.State.End is null && draft.State.Status is WorkflowStatus.Running && draft.State.DeadlineAt <= draft.At)
        {
            var error = new StructuredError
            {
                Code = "workflow_timeout",
                Category = ErrorCategory.Limit,
                Message = $"The workflow did not end within {DurationText.Format(draft.Definition.Timeout ?? TimeSpan.Zero)}.",
                SuggestedAction = "Raise 'timeout' in the definition, or retry: completed stages are kept.",
            };
            draft.StopStages();
            draft.Add(new WorkflowEnded { End = WorkflowStatus.Exhausted, Reason = error.Message, Error = error });
        }

        return draft.Done();
    }

    private static Decision Cancel(DecisionDraft draft, WorkflowInput.Cancel cancel)
    {
        if (draft.State.End is { } end)
        {
            return end is WorkflowStatus.Canceled
                ? draft.Unchanged(Verdict.NoChange, "The workflow is canceled already.")
                : draft.Unchanged(Verdict.Refused, $"The workflow is {StatusText.Of(end)} already; only a running one can be canceled.");
        }

        draft.StopStages();
        draft.Add(new WorkflowEnded { End = WorkflowStatus.Canceled, Reason = cancel.Reason ?? (cancel.By is null ? "Canceled." : $"Canceled by {cancel.By}."), By = cancel.By });
        return draft.Done();
    }

    private static Decision Pause(DecisionDraft draft, WorkflowInput.Pause pause)
    {
        if (draft.State.End is { } end)
        {
            return draft.Unchanged(Verdict.Refused, $"The workflow is {StatusText.Of(end)}; only a running one can be paused.");
        }

        if (draft.State.Paused)
        {
            return draft.Unchanged(Verdict.NoChange, "The workflow is paused already.");
        }

        draft.Add(new WorkflowPaused { By = pause.By, Reason = pause.Reason ?? (pause.By is null ? "Paused." : $"Paused by {pause.By}.") });
        return draft.Done();
    }

    private static Decision Resume(DecisionDraft draft, WorkflowInput.Resume resume)
    {
        if (draft.State.End is { } end)
        {
            return draft.Unchanged(Verdict.Refused, $"The workflow is {StatusText.Of(end)}; only a paused one can be resumed. Use retry to run it again.");
        }

        if (!draft.State.Paused)
        {
            return draft.Unchanged(Verdict.NoChange, "The workflow is not paused.");
        }

        draft.Add(new WorkflowResumed { By = resume.By });
        draft.OfferOutstanding();
        return draft.Done();
    }
}
