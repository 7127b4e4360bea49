using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>Shows questions as resources.</summary>
internal static class ApprovalViews
{
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
