using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What follows when a claim was checked, or could not be. Pure.</summary>
internal static class ClaimVerdicts
{
    /// <summary>The code of the failure of a claim that does not hold.</summary>
    public const string NotVerified = "not_verified";

    public static Decision Judge(DecisionDraft draft, WorkflowInput.Judge verdict)
    {
        if (Refuse(draft, verdict, out var stage) is { } refused)
        {
            return refused;
        }

        var claim = stage.Claim;
        switch (verdict.Error)
        {
            case null:
                Settle(draft, verdict, AttemptStatus.Completed);
                draft.Add(new ClaimJudged { Verified = true, Evidence = verdict.Evidence }, stage);
                draft.Add(new StageCompleted { AgentId = claim?.AgentId, Commit = verdict.Commit, References = verdict.Commit is not null && claim is { References.Length: > 0 } ? claim.References : null }, stage);
                break;
            case { Class: FailureClass.Infrastructure or FailureClass.Throttled } trouble:
                Delay(draft, verdict, stage, trouble);
                break;
            default:
                Settle(draft, verdict, AttemptStatus.Failed);
                draft.Add(new ClaimJudged { Verified = verdict.Error.Code != NotVerified, Evidence = verdict.Evidence }, stage);
                AttemptEndings.Fail(draft, stage, verdict.Error, claim?.AgentId);
                break;
        }

        draft.Advance();
        return draft.Done();
    }

    // The claim stands meanwhile: its agent did its part.
    private static void Delay(DecisionDraft draft, WorkflowInput.Judge verdict, StageState stage, StructuredError trouble)
    {
        var definition = draft.DefinitionOf(stage.Name);
        if (stage.Interruptions + 1 <= AttemptPolicy.MaxInterruptions)
        {
            draft.Add(new VerificationDelayed { Error = trouble, RetryAt = draft.At + AttemptPolicy.DelayAfter(draft.State.Id, definition, stage, trouble) }, stage);
            return;
        }

        Settle(draft, verdict, AttemptStatus.Failed);
        AttemptEndings.EndStage(draft, stage, StageStatus.Failed, stage.Claim?.AgentId, trouble);
    }

    private static void Settle(DecisionDraft draft, WorkflowInput.Judge verdict, AttemptStatus status) =>
        draft.Settle(new AttemptSettlement(verdict.Stage, verdict.Attempt, status, verdict.Error));

    private static Decision? Refuse(DecisionDraft draft, WorkflowInput.Judge verdict, out StageState stage)
    {
        stage = draft.State.Find(verdict.Stage)!;
        if (stage is null)
        {
            return draft.Unchanged(Verdict.Unknown, $"The workflow has no stage '{verdict.Stage}'.");
        }

        return draft.State.IsVerifying(verdict.Stage, verdict.Attempt)
            ? null
            : draft.Unchanged(Verdict.Stale, $"Attempt {verdict.Attempt} of stage '{verdict.Stage}' has no claim that waits for a verdict; the stage is {StatusText.Of(stage.Status)} in attempt {stage.Attempt}.");
    }
}
