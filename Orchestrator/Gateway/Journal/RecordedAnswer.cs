using System.Text;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>An answer of a provider that is journaled; one that breaks off is, too, as a failure.</summary>
internal sealed class RecordedAnswer(ProviderAnswer answer, string? note, Func<ModelFailure, Task> recordFailure) : Answer
{
    /// <inheritdoc />
    public override string Model => answer.Model;

    /// <inheritdoc />
    public override string Provider => answer.Provider;

    /// <inheritdoc />
    public override string Decision => note is null ? answer.Decision : $"{note}; {answer.Decision}";

    /// <inheritdoc />
    public override string Journal => "recorded";

    /// <inheritdoc />
    public override Configuration.Price? Price => answer.Price;

    /// <inheritdoc />
    public override async ValueTask<AnswerPart?> NextAsync()
    {
        try
        {
            return await answer.NextAsync();
        }
        catch (ModelFailure failure)
        {
            await recordFailure(failure);
            throw;
        }
    }

    /// <inheritdoc />
    public override ValueTask DisposeAsync() => answer.DisposeAsync();
}

/// <summary>What was heard of an answer so far.</summary>
internal sealed class HeardAnswer
{
    private readonly StringBuilder _text = new();
    private readonly StringBuilder _thoughts = new();
    private readonly List<ToolCall> _calls = [];

    /// <summary>Hears a part.</summary>
    /// <returns>The whole answer, when this was its end; otherwise null.</returns>
    public WholeAnswer? Add(AnswerPart part)
    {
        switch (part)
        {
            case AnswerPart.Text text:
                _text.Append(text.Value);
                break;
            case AnswerPart.Thought thought:
                _thoughts.Append(thought.Value);
                break;
            case AnswerPart.Call call:
                _calls.Add(call.Value);
                break;
            case AnswerPart.End end:
                return new WholeAnswer(_text.ToString(), _thoughts.ToString(), [.. _calls], end.Reason, end.Use!);
        }

        return null;
    }
}
