namespace Stack.Orchestrator.Gateway.Conversations;

/// <summary>The next part of an answer. An answer is any number of texts, thoughts and calls, and then one <see cref="End"/>; without it the answer was cut.</summary>
internal abstract record AnswerPart
{
    private AnswerPart()
    {
    }

    /// <summary>More text.</summary>
    /// <param name="Value">The text.</param>
    internal sealed record Text(string Value) : AnswerPart;

    /// <summary>More of what the model thinks before it answers.</summary>
    /// <param name="Value">The text.</param>
    internal sealed record Thought(string Value) : AnswerPart;

    /// <summary>A whole call of a tool.</summary>
    /// <param name="Value">The call.</param>
    internal sealed record Call(ToolCall Value) : AnswerPart;

    /// <summary>The answer is complete.</summary>
    /// <param name="Reason"><c>stop</c>, <c>length</c>, <c>tool_calls</c> or <c>content_filter</c>.</param>
    /// <param name="Use">What it used. Null: the provider did not say.</param>
    internal sealed record End(string Reason, TokenUse? Use) : AnswerPart;
}

/// <summary>What an answer used.</summary>
/// <param name="Prompt">Tokens read.</param>
/// <param name="Completion">Tokens written.</param>
/// <param name="IsEstimated">Whether these are our own estimate, because the provider did not say.</param>
internal sealed record TokenUse(long Prompt, long Completion, bool IsEstimated = false)
{
    /// <summary>Both.</summary>
    public long Total => Prompt + Completion;
}
