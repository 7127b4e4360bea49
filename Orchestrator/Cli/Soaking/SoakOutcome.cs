namespace Stack.Cli;

/// <summary>How a soak went.</summary>
internal sealed record SoakOutcome
{
    public required int Seed { get; init; }

    public required int Workflows { get; init; }

    /// <summary>What can be hurt here.</summary>
    public required IReadOnlyList<string> Components { get; init; }

    /// <summary>How many faults of which kind were made.</summary>
    public required IReadOnlyDictionary<string, int> Faults { get; init; }

    /// <summary>Faults that were left out, because what they would hurt had not recovered yet.</summary>
    public required int FaultsLeftOut { get; init; }

    /// <summary>Submissions that were refused with 429 or 503, and came back.</summary>
    public required int Refused { get; init; }

    /// <summary>Submissions without an answer, which asked again.</summary>
    public required int Unanswered { get; init; }

    /// <summary>Attempts in all; those beyond five for each workflow were lost or failed on the way.</summary>
    public required int Attempts { get; init; }

    /// <summary>Executions that agents finished, by their ledgers, those that did not count included.</summary>
    public required int Executions { get; init; }

    /// <summary>Milliseconds from the first submission until the last workflow was over.</summary>
    public required long TookMs { get; init; }

    public required IReadOnlyList<Check> Checks { get; init; }

    /// <summary>Whether every check held.</summary>
    public bool Holds => Checks.All(check => check.Holds);
}
