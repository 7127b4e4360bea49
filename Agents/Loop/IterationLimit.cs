using System.Text.Json;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Loop;

/// <summary>How many iterations a loop may use, and why so many.</summary>
/// <param name="Limit">The number, without what people granted later.</param>
/// <param name="Complexity"><c>simple</c>, <c>default</c> or <c>complex</c>.</param>
/// <param name="Reason">Why, in one sentence.</param>
internal sealed record IterationLimit(int Limit, string Complexity, string Reason)
{
    private static readonly string[] s_hard = ["refactor", "migrate", "architecture", "security", "distributed", "concurren", "performance", "redesign", "rewrite", "integrate", "protocol", "parallel"];

    /// <summary>Decides.</summary>
    /// <param name="asked">The number that was asked for; -1: let complexity and history decide.</param>
    /// <param name="prompt">What is to be done.</param>
    /// <param name="history">How earlier loops went. Null: not known.</param>
    public static IterationLimit Of(int asked, string prompt, LoopHistory? history)
    {
        var (complexity, why) = ComplexityOf(prompt);
        if (asked != LoopSettings.Adaptive)
        {
            return new IterationLimit(asked, complexity, FormattableString.Invariant($"{asked} iterations were asked for."));
        }

        var start = complexity switch
        {
            "simple" => IterationClass.Simple,
            "complex" => IterationClass.Complex,
            _ => IterationClass.Default,
        };
        var reason = FormattableString.Invariant($"The work looks {complexity} ({why}): {start} iterations");
        if (history is not { Ended: >= 3 })
        {
            return new IterationLimit(start, complexity, reason + "; there is no history yet.");
        }

        // The more often earlier loops hit their limit, the more room; and never less than one and a half times what it took those that got there.
        var factor = 1 + ((double)history.Exhausted / history.Ended);
        var learned = (int)Math.Ceiling(1.5 * history.AverageProductiveIterations);
        var limit = Math.Clamp(Math.Max((int)Math.Round(start * factor), learned), 1, IterationClass.HardCap);
        return new IterationLimit(
            limit, complexity, reason + FormattableString.Invariant($"; of {history.Ended} earlier loops {history.Exhausted} hit their limit, the others took {history.AverageProductiveIterations:0.#} productive iterations: {limit}."));
    }

    /// <summary>Asks the orchestrator how earlier loops went. Null: it does not say.</summary>
    public static async Task<LoopHistory?> HistoryAsync(AgentContext context, CancellationToken cancellationToken)
    {
        try
        {
            return await context.Orchestrator.GetFromJsonAsync<LoopHistory>("stats", StackJson.Options, cancellationToken);
        }
        catch (Exception exception) when (exception is HttpRequestException or JsonException or NotSupportedException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            context.Log($"the history of earlier loops is not known: {exception.Message}");
            return null;
        }
    }

    private static (string Complexity, string Why) ComplexityOf(string prompt)
    {
        var words = prompt.Split((char[])[' ', '\t', '\r', '\n'], StringSplitOptions.RemoveEmptyEntries).Length;
        var hard = s_hard.Where(word => prompt.Contains(word, StringComparison.OrdinalIgnoreCase)).ToList();
        var why = FormattableString.Invariant($"{words} words{(hard.Count > 0 ? ", " + string.Join(", ", hard) : "")}");
        return (words, hard.Count) switch
        {
            ( > 500, _) or (_, >= 2) or ( > 200, 1) => ("complex", why),
            ( < 50, 0) => ("simple", why),
            _ => ("default", why),
        };
    }
}

/// <summary>How earlier loops went, as <c>GET /stats</c> tells it.</summary>
internal sealed record LoopHistory
{
    /// <summary>Loops that completed.</summary>
    public int Completed { get; init; }

    /// <summary>Loops that hit a limit.</summary>
    public int Exhausted { get; init; }

    /// <summary>Productive iterations of those that completed, on average.</summary>
    public double AverageProductiveIterations { get; init; }

    /// <summary>Both.</summary>
    [System.Text.Json.Serialization.JsonIgnore]
    public int Ended => Completed + Exhausted;
}
