using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>An answer as the journal keeps it, or why there was none. Either of the two.</summary>
internal sealed record JournaledAnswer
{
    /// <summary>The text.</summary>
    public string Text { get; init; } = "";

    /// <summary>What the model thought.</summary>
    public string Thoughts { get; init; } = "";

    /// <summary>The calls of tools.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>Why it ended.</summary>
    public string Reason { get; init; } = "stop";

    /// <summary>Tokens read.</summary>
    public long PromptTokens { get; init; }

    /// <summary>Tokens written.</summary>
    public long CompletionTokens { get; init; }

    /// <summary>Whether these are estimated.</summary>
    public bool IsEstimated { get; init; }

    /// <summary>Why there was no answer. Null: there was one.</summary>
    public JournaledFailure? Failure { get; init; }

    public static JournaledAnswer Of(WholeAnswer answer) => new()
    {
        Text = answer.Text,
        Thoughts = answer.Thoughts,
        Calls = answer.Calls,
        Reason = answer.Reason,
        PromptTokens = answer.Use.Prompt,
        CompletionTokens = answer.Use.Completion,
        IsEstimated = answer.Use.IsEstimated,
    };

    public WholeAnswer ToWhole() => new(Text, Thoughts, Calls, Reason, new TokenUse(PromptTokens, CompletionTokens, IsEstimated));
}

/// <summary>Why there was no answer.</summary>
/// <param name="Kind">The kind, by its name in this program.</param>
/// <param name="Message">What happened.</param>
internal sealed record JournaledFailure(string Kind, string Message)
{
    public ModelFailure ToFailure() => new(Enum.TryParse<FailureKind>(Kind, out var kind) ? kind : FailureKind.Refused, $"{Message} (So it was when this was recorded.)");
}
