using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Makes the questions of stages: freezes the effect, names it by its hash, and says who may decide. Pure.</summary>
internal static class Questions
{
    /// <summary>The question of a definition's gate.</summary>
    public static ApprovalRequested OfGate(WorkflowHeader header, StageDefinition stage, ApprovalGate gate, WorkflowState state, DateTimeOffset at)
    {
        var isInput = gate.Effect is GateEffect.Input;
        var effect = isInput ? header.Input ?? JsonPayload.EmptyObject : StageEffect(header, stage, state.HeadCommit);
        return Of(state, stage.Name, gate.Prompt, effect, gate.Terms, at) with { IsGate = true, Commit = isInput ? null : state.HeadCommit };
    }

    /// <summary>The question of an attempt.</summary>
    public static ApprovalRequested OfAttempt(StageDefinition stage, StageOutcome.NeedsApproval asks, WorkflowState state, DateTimeOffset at)
    {
        var effect = asks.Effect ?? JsonPayload.From(new { kind = EffectKinds.Clarification, prompt = asks.Prompt });
        return Of(state, stage.Name, asks.Prompt, effect, asks.Terms ?? stage.Approval?.Terms ?? ApprovalTerms.Open, at);
    }

    /// <summary>The question that stands, as stores keep it.</summary>
    public static ApprovalRecord Record(WorkflowHeader header, StageState stage, ApprovalState question, ApprovalStatus status, ApprovalDecision? decision) => new()
    {
        Id = question.Id,
        WorkflowId = header.Id,
        WorkflowName = header.Name,
        Stage = stage.Name,
        Attempt = question.IsGate || stage.Attempt == 0 ? null : stage.Attempt,
        Status = status,
        Prompt = stage.ApprovalPrompt ?? "",
        AskedAt = stage.ApprovalAskedAt ?? default,
        ExpiresAt = stage.ApprovalExpiresAt,
        Question = question,
        Decision = decision,
    };

    private static ApprovalRequested Of(WorkflowState state, string stage, string prompt, JsonPayload effect, ApprovalTerms terms, DateTimeOffset at)
    {
        var frozen = CanonicalJson.Of(effect);
        return new ApprovalRequested
        {
            Stage = stage,
            Prompt = prompt,
            Effect = frozen,
            EffectHash = CanonicalJson.HashOf(frozen),
            Kind = EffectKinds.Of(frozen),
            Id = ApprovalId.Of(state.Id, stage, (state.Find(stage)?.Questions ?? 0) + 1),
            Terms = terms == ApprovalTerms.Open ? null : terms,
            ExpiresAt = terms.OnExpiry is ApprovalExpiry.Keep ? null : at + terms.ExpiresAfter,
        };
    }

    private static JsonPayload StageEffect(WorkflowHeader header, StageDefinition stage, string? commit) => JsonPayload.From(new
    {
        kind = stage.Agent == "deployment" ? EffectKinds.Deploy : EffectKinds.Stage,
        workflow_id = header.Id,
        definition = header.DefinitionName,
        definition_version = header.DefinitionVersion,
        stage = stage.Name,
        agent = stage.Agent,
        with = stage.With,
        commit,
    });
}
