using System.Text.Json;

namespace Stack.Contracts;

/// <summary>The kinds of effects that people are asked about. Agents may name others.</summary>
public static class EffectKinds
{
    /// <summary>The largest effect in bytes.</summary>
    public const int MaxBytes = 256 * 1024;

    /// <summary>A stage begins.</summary>
    public const string Stage = "stage";

    /// <summary>A stage that puts something into service begins.</summary>
    public const string Deploy = "deploy";

    /// <summary>A plan is submitted as a workflow. The orchestrator does it.</summary>
    public const string Plan = "plan";

    /// <summary>A budget gets higher limits. The orchestrator does it.</summary>
    public const string BudgetIncrease = "budget_increase";

    /// <summary>A tool is called.</summary>
    public const string ToolCall = "tool_call";

    /// <summary>Something must be said more clearly; the answer is the comment.</summary>
    public const string Clarification = "clarification";

    /// <summary>What has no kind.</summary>
    public const string Other = "effect";

    /// <summary>Whether the orchestrator executes effects of a kind itself, before the stage goes on.</summary>
    /// <param name="kind">The kind.</param>
    public static bool IsOrchestrators(string kind) => kind is Plan or BudgetIncrease;

    /// <summary>The kind that an effect says it is of.</summary>
    /// <param name="effect">The effect.</param>
    public static string Of(JsonPayload effect)
    {
        var root = effect.ToElement();
        return root.ValueKind is JsonValueKind.Object && root.TryGetProperty("kind", out var kind) && kind.ValueKind is JsonValueKind.String && kind.GetString() is { Length: > 0 and <= 63 } name
            ? name
            : Other;
    }
}
