using System.Text;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Routing;

/// <summary>An answer on its way. Whoever has it reads its parts to the end or disposes it. For one reader.</summary>
internal abstract class Answer : IAsyncDisposable
{
    /// <summary>The model that answers.</summary>
    public abstract string Model { get; }

    /// <summary>Its provider.</summary>
    public abstract string Provider { get; }

    /// <summary>Why this model, in a line.</summary>
    public abstract string Decision { get; }

    /// <summary>What the answer is paid with. Null: it costs nothing.</summary>
    public virtual Configuration.Price? Price => null;

    /// <summary><c>recorded</c> or <c>replayed</c>. Null: the call is not journaled.</summary>
    public virtual string? Journal => null;

    /// <summary>The next part.</summary>
    /// <returns>Null: the end was given before.</returns>
    /// <exception cref="ModelFailure">The answer broke off.</exception>
    public abstract ValueTask<AnswerPart?> NextAsync();

    /// <inheritdoc />
    public abstract ValueTask DisposeAsync();

    /// <summary>Reads all.</summary>
    public async Task<WholeAnswer> ReadAsync()
    {
        var text = new StringBuilder();
        var thoughts = new StringBuilder();
        var calls = new List<ToolCall>();
        while (true)
        {
            switch (await NextAsync())
            {
                case AnswerPart.Text more:
                    text.Append(more.Value);
                    break;
                case AnswerPart.Thought more:
                    thoughts.Append(more.Value);
                    break;
                case AnswerPart.Call made:
                    calls.Add(made.Value);
                    break;
                case AnswerPart.End end:
                    return new WholeAnswer(text.ToString(), thoughts.ToString(), calls, end.Reason, end.Use!);
            }
        }
    }
}

/// <summary>An answer as a whole.</summary>
/// <param name="Text">The text; may be empty.</param>
/// <param name="Thoughts">What the model thought; mostly empty.</param>
/// <param name="Calls">The calls of tools.</param>
/// <param name="Reason">Why it ended.</param>
/// <param name="Use">What it used.</param>
internal sealed record WholeAnswer(string Text, string Thoughts, IReadOnlyList<ToolCall> Calls, string Reason, TokenUse Use)
{
    /// <summary>The same in parts.</summary>
    public IEnumerable<AnswerPart> Parts()
    {
        if (Thoughts.Length > 0)
        {
            yield return new AnswerPart.Thought(Thoughts);
        }

        if (Text.Length > 0)
        {
            yield return new AnswerPart.Text(Text);
        }

        foreach (var call in Calls)
        {
            yield return new AnswerPart.Call(call);
        }

        yield return new AnswerPart.End(Reason, Use);
    }
}
