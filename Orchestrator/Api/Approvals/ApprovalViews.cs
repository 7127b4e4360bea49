using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>Shows questions as resources.</summary>
internal static class ApprovalViews
{
    /// <summary>Shows one with its change: what the effect shows itself, or what the workflow's repository says of the commit that a gate is about.</summary>
    public static async Task<ApprovalResource> ShowAsync(ApprovalRecord approval, WorkspaceFiles files, CancellationToken cancellationToken)
    {
        var shown = Show(approval);
        if (shown.Diff is not null || approval.Question.Commit is not { } commit)
        {
            return shown;
        }

        var from = await files.ResolveAsync(approval.WorkflowId, GitReferences.Base, cancellationToken);
        return await files.SummarizeDiffAsync(approval.WorkflowId, from, commit, cancellationToken) is { Length: > 0 } diff ? shown with { Diff = diff } : shown;
    }

    public static ApprovalResource Show(ApprovalRecord approval)
    {
        var (question, effect) = (approval.Question, approval.Question.Effect.ToElement());
        return new ApprovalResource
        {
            Id = approval.Id,
            Kind = question.Kind,
            Prompt = approval.Prompt,
            Status = approval.Status,
            WorkflowId = approval.WorkflowId,
            WorkflowName = approval.WorkflowName,
            Stage = approval.Stage,
            Attempt = approval.Attempt,
            Effect = question.Effect,
            EffectHash = question.EffectHash,
            Diff = Text(effect, "diff"),
            Command = Text(effect, "command"),
            Money = MoneyOf(effect),
            Deciders = question.Deciders,
            AskedAt = approval.AskedAt,
            ExpiresAt = approval.ExpiresAt,
            OnExpiry = question.Terms.OnExpiry,
            EscalatedAt = question.EscalatedAt,
            Reminders = question.Reminders,
            Decision = approval.Decision,
        };
    }

    // A command may be a text or a list of arguments.
    private static string? Text(JsonElement effect, string name)
    {
        if (effect.ValueKind is not JsonValueKind.Object || !effect.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Array => string.Join(' ', value.EnumerateArray().Select(item => item.ToString())),
            _ => null,
        };
    }

    private static decimal? MoneyOf(JsonElement effect)
    {
        if (effect.ValueKind is not JsonValueKind.Object)
        {
            return null;
        }

        foreach (var holder in new[] { effect, Member(effect, "limits"), Member(effect, "estimate") })
        {
            if (Member(holder, "money") is { ValueKind: JsonValueKind.Number } money && money.TryGetDecimal(out var dollars))
            {
                return dollars;
            }
        }

        return null;
    }

    private static JsonElement Member(JsonElement element, string name) => element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var member) ? member : default;
}
