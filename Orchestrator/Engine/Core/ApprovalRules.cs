using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What people and time do to questions, and what follows. Pure.</summary>
internal static class ApprovalRules
{
    public static Decision Decide(DecisionDraft draft, WorkflowInput.Decide input)
    {
        if (draft.State.Find(input.Stage) is not { } stage)
        {
            return draft.Unchanged(Verdict.Unknown, $"There is no stage '{input.Stage}'.");
        }

        if (Refuse(draft, stage, input) is { } refused)
        {
            return refused;
        }

        if (!input.Decision.Approved)
        {
            Reject(draft, stage, input.Decision);
        }
        else
        {
            Approve(draft, stage, input.Decision);
        }

        draft.Advance();
        return draft.Done();
    }

    /// <summary>Keeps how the orchestrator's execution of an approved effect went, and lets the stage go on.</summary>
    public static Decision Record(DecisionDraft draft, WorkflowInput.RecordExecution input)
    {
        if (draft.State.Find(input.Stage) is not { Approval: { IsExecuting: true } asked } stage || asked.Id != input.Approval)
        {
            return draft.Unchanged(Verdict.Duplicate, $"The execution of {input.Approval} is recorded, or its workflow ended before it was.");
        }

        draft.Add(new EffectExecuted { Id = asked.Id, Execution = input.Execution }, Bare(asked, stage));
        if (!asked.IsGate)
        {
            draft.Queue(stage.Name, availableAt: null);
        }
        else if (input.Execution.Succeeded)
        {
            Complete(draft, stage.Name, input.Execution);
        }
        else
        {
            draft.Add(new StageEnded { Status = StageStatus.Failed, Error = NotExecuted(input.Execution) }, stage with { Attempt = 0 });
        }

        draft.Advance();
        return draft.Done();
    }

    /// <summary>Lets time act: reminders, escalations, expiry.</summary>
    public static void Tick(DecisionDraft draft)
    {
        foreach (var stage in draft.State.Stages)
        {
            if (stage.Status is not StageStatus.AwaitingApproval || stage.Approval is { IsExecuting: true })
            {
                continue;
            }

            if (stage.ApprovalExpiresAt <= draft.At)
            {
                Expire(draft, stage);
            }
            else if (stage.Approval is { } asked && asked.ReminderAt(stage.ApprovalAskedAt) <= draft.At)
            {
                draft.Add(new ApprovalReminded { Id = asked.Id, Number = asked.Reminders + 1 }, Bare(asked, stage));
            }
        }
    }

    private static Decision? Refuse(DecisionDraft draft, StageState stage, WorkflowInput.Decide input)
    {
        if (input.Approval is { } named && stage.Decision is { } decided && decided.Approval == named)
        {
            return Same(decided, input.Decision)
                ? draft.Unchanged(Verdict.NoChange, $"{decided.DecidedBy} decided so before.")
                : draft.Unchanged(Verdict.Refused, $"{decided.DecidedBy} {(decided.Approved ? "approved" : "rejected")} it before.");
        }

        if (stage.Status is not StageStatus.AwaitingApproval || stage.Approval is { IsExecuting: true })
        {
            return draft.Unchanged(Verdict.Refused, $"Stage '{stage.Name}' does not wait for a decision: it is {StatusText.Of(stage.Status)}.");
        }

        if (input.SeenVersion is { } seen && seen != draft.State.Version)
        {
            return draft.Unchanged(Verdict.Refused, $"The workflow has changed since you looked: it is at version {draft.State.Version}, you saw {seen}. Look again and decide.");
        }

        if (input.Approval is { } id && stage.Approval?.Id != id)
        {
            return draft.Unchanged(Verdict.Refused, $"Stage '{stage.Name}' asks something else now ({stage.Approval?.Id}). Look again and decide.");
        }

        if (input.SeenHash is { } hash && stage.Approval?.EffectHash != hash)
        {
            return draft.Unchanged(Verdict.Refused, $"The effect is another one than you saw: its hash is {stage.Approval?.EffectHash}. Look again and decide.");
        }

        if (stage.Approval is { } asked && !asked.MayDecide(input.Roles))
        {
            return draft.Unchanged(Verdict.Forbidden, $"'{input.Decision.DecidedBy}' may not decide this; {string.Join(", ", asked.Deciders)} may.");
        }

        return stage.Approval is { } question && input.Decision is { Approved: true, Effect: { } other } && EffectKinds.Of(other) is var kind && kind != question.Kind
            ? draft.Unchanged(Verdict.Refused, $"The amended effect is of kind '{kind}'; it must stay '{question.Kind}'.")
            : null;
    }

    private static bool Same(ApprovalDecision decided, ApprovalDecision again) =>
        decided.Approved == again.Approved && (!again.Approved || again.Effect is null ? !decided.Amended : CanonicalJson.HashOf(again.Effect) == decided.EffectHash);

    private static void Approve(DecisionDraft draft, StageState stage, ApprovalDecision decision)
    {
        if (stage.Approval is { } asked)
        {
            var effect = decision.Effect is { } other ? CanonicalJson.Of(other) : asked.Effect;
            var hash = CanonicalJson.HashOf(effect);
            decision = decision with { Approval = asked.Id, Effect = effect, EffectHash = hash, Amended = hash != asked.EffectHash };
        }

        draft.Add(new ApprovalDecided { Decision = decision }, stage);
        if (draft.State.Find(stage.Name)!.Approval is { IsExecuting: true })
        {
            return;
        }

        if (stage.Approval is { IsGate: true } && draft.DefinitionOf(stage.Name).Approval is { Effect: GateEffect.Input })
        {
            var error = NotExecuted(new EffectExecution { Succeeded = false, At = draft.At, Message = $"The orchestrator does not execute effects of kind '{stage.Approval.Kind}'." });
            draft.Add(new StageEnded { Status = StageStatus.Failed, Error = error }, stage with { Attempt = 0 });
            return;
        }

        draft.Queue(stage.Name, availableAt: null);
    }

    private static void Expire(DecisionDraft draft, StageState stage)
    {
        if (stage.Approval is { EscalatedAt: null, Terms: { OnExpiry: ApprovalExpiry.Escalate } terms } asked)
        {
            draft.Add(new ApprovalEscalated { Id = asked.Id, To = terms.EscalateTo, ExpiresAt = draft.At + terms.EscalationExpiresAfter }, Bare(asked, stage));
            return;
        }

        Reject(draft, stage, new ApprovalDecision { Approved = false, DecidedBy = DecisionDraft.Expiry, DecidedAt = draft.At, Comment = "Nobody decided in time." });
    }

    private static void Reject(DecisionDraft draft, StageState stage, ApprovalDecision decision)
    {
        draft.Add(new ApprovalDecided { Decision = decision with { Approval = stage.Approval?.Id, Effect = null } }, stage);
        draft.Add(
            new StageEnded
            {
                Status = StageStatus.Failed,
                Error = new StructuredError
                {
                    Code = "approval_rejected",
                    Category = ErrorCategory.Validation,
                    Class = FailureClass.Rejected,
                    Message = $"{decision.DecidedBy} rejected it{(string.IsNullOrWhiteSpace(decision.Comment) ? "." : $": {decision.Comment}")}",
                    SuggestedAction = "Retry from this stage to ask again.",
                },
            },
            stage with { Attempt = 0 });
    }

    // The orchestrator's own work is over when it is recorded: its attempt begins and ends in one step.
    private static void Complete(DecisionDraft draft, string stageName, EffectExecution execution)
    {
        draft.Queue(stageName, availableAt: null);
        var stage = draft.State.Find(stageName)!;
        draft.End(
            new AttemptEnd { Stage = stageName, Attempt = stage.Attempt, Status = AttemptStatus.Completed, FinishedAt = draft.At, StartedAt = draft.At, Output = execution.Result },
            tellAgent: false);
        draft.Add(new StageCompleted(), stage);
    }

    // Nothing of a question that the definition's gate asks is about an attempt.
    private static StageState Bare(ApprovalState asked, StageState stage) => asked.IsGate ? stage with { Attempt = 0 } : stage;

    private static StructuredError NotExecuted(EffectExecution execution) => new()
    {
        Code = "effect_not_executed",
        Category = ErrorCategory.Validation,
        Class = FailureClass.Rejected,
        Message = $"What was approved could not be executed: {execution.Message}",
        SuggestedAction = "Submit it again with another effect.",
    };
}
