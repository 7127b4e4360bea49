using System.Text.Json;

namespace Stack.Orchestrator.Gateway.Conversations;

/// <summary>
/// What a text is worth in tokens, without the model's tokenizer: bounds that hold for the tokenizers in use. <see cref="Most"/> makes room (context, reservation);
/// fewer than <see cref="Least"/> means that the server did not read the whole text.
/// </summary>
/// <param name="Least">A lower bound: one token for each word, half of one for each sign of scripts without spaces. Tools and pictures count nothing, servers write them in many ways.</param>
/// <param name="Most">An upper bound for what people write: four letters of a word a token, each digit and each mark one, two bytes of other scripts one.</param>
internal readonly record struct TokenEstimate(long Least, long Most)
{
    private const int PerMessage = 8;
    private const int PerTool = 16;
    private const int PerPicture = 1_600;
    private const int LongestWord = 20;

    /// <summary>Between the bounds: for usage that a provider did not report.</summary>
    public long Likely => (Least + Most + 1) / 2;

    /// <summary>Estimates a conversation with its tools.</summary>
    /// <param name="call">The conversation.</param>
    public static TokenEstimate Of(ChatCall call)
    {
        long least = 0;
        long most = PerMessage;
        foreach (var turn in call.Turns)
        {
            var text = Of(turn.Text);
            least += text.Least;
            most += text.Most + PerMessage + (PerPicture * turn.Pictures.Count) + turn.Calls.Sum(made => Of(made.Name).Most + Of(made.Arguments).Most + PerTool);
        }

        foreach (var tool in call.Tools)
        {
            most += PerTool + Of(tool.Name).Most + Of(tool.Description ?? "").Most + (tool.Parameters is { } parameters ? Of(JsonSerializer.Serialize(parameters)).Most : 0);
        }

        return new TokenEstimate(least, most);
    }

    /// <summary>Estimates a text.</summary>
    /// <param name="text">The text.</param>
    public static TokenEstimate Of(string text)
    {
        long words = 0, most = 0, others = 0;
        var letters = 0;
        var spaces = 0;
        foreach (var c in text)
        {
            if (char.IsAsciiLetter(c))
            {
                words += letters++ == 0 ? 1 : 0;
                // One space belongs to the word behind it.
                most += spaces > 1 ? 1 : 0;
                spaces = 0;
                continue;
            }

            most += OfLetters(letters);
            letters = 0;
            if (c is ' ' or '\t')
            {
                spaces++;
                continue;
            }

            most += spaces > 1 ? 1 : 0;
            spaces = 0;
            if (c < 128)
            {
                most++;
            }
            else
            {
                others += c < 0x800 ? 2 : 3;
            }
        }

        return new TokenEstimate(words + (others / 6), most + OfLetters(letters) + (spaces > 0 ? 1 : 0) + ((others + 1) / 2));
    }

    // Words are cut into pieces of four letters and more; what is longer than words are is no language, and is cut into smaller ones.
    private static int OfLetters(int run) => run <= LongestWord ? (run + 3) / 4 : (run + 1) / 2;
}
