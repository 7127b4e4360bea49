using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Agents.Validation;

/// <summary>What validation found. Written to <see cref="FilePath"/> and handed on as the stage's output.</summary>
internal sealed record ValidationReport
{
    /// <summary>Where it is in the workspace.</summary>
    public const string FilePath = ".stack/validation.json";

    /// <summary>Whether every check that was made passed.</summary>
    public required bool Passed { get; init; }

    /// <summary>The kinds of projects that were found: <c>dotnet</c>, <c>node</c>.</summary>
    public required IReadOnlyList<string> Projects { get; init; }

    /// <summary>The checks in the order they were made.</summary>
    public required IReadOnlyList<ValidationCheck> Checks { get; init; }

    /// <summary>The limits that were applied.</summary>
    public required ValidationThresholds Thresholds { get; init; }
}

/// <summary>One thing that was looked at.</summary>
internal sealed record ValidationCheck
{
    /// <summary>Its name, for example <c>coverage</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How it ended.</summary>
    public required CheckStatus Status { get; init; }

    /// <summary>What was measured. Null: nothing was, or it is no number.</summary>
    public double? Value { get; init; }

    /// <summary>What is allowed. Null: it is no number.</summary>
    public double? Limit { get; init; }

    /// <summary>What was found, in one sentence.</summary>
    public required string Message { get; init; }

    /// <summary>What to do about it. Null: nothing is to be done.</summary>
    public string? Remedy { get; init; }

    /// <summary>The places; at most <see cref="MaxFindings"/>.</summary>
    public IReadOnlyList<string> Findings { get; init; } = [];

    /// <summary>How many places are listed at most.</summary>
    public const int MaxFindings = 20;

    /// <summary>A check that found nothing wrong.</summary>
    public static ValidationCheck Pass(string name, string message, double? value = null, double? limit = null) =>
        new() { Name = name, Status = CheckStatus.Passed, Message = message, Value = value, Limit = limit };

    /// <summary>A check that was not made.</summary>
    public static ValidationCheck Skip(string name, string message) => new() { Name = name, Status = CheckStatus.Skipped, Message = message };

    /// <summary>A check that found something.</summary>
    public static ValidationCheck Fail(string name, string message, string remedy, IEnumerable<string> findings, double? value = null, double? limit = null) =>
        new() { Name = name, Status = CheckStatus.Failed, Message = message, Remedy = remedy, Findings = [.. findings.Take(MaxFindings)], Value = value, Limit = limit };
}

/// <summary>How a check ended.</summary>
[JsonConverter(typeof(SnakeCaseEnum<CheckStatus>))]
internal enum CheckStatus
{
    /// <summary>All is well.</summary>
    Passed,

    /// <summary>Something is beyond its limit.</summary>
    Failed,

    /// <summary>It was not made; the message says why.</summary>
    Skipped,
}

/// <summary>Checks and the errors and warnings among their findings, collected until the report is made.</summary>
internal sealed class Findings
{
    private readonly List<ValidationCheck> _checks = [];

    /// <summary>The checks so far.</summary>
    public IReadOnlyList<ValidationCheck> Checks => _checks;

    /// <summary>What counts against the threshold of errors.</summary>
    public List<string> Errors { get; } = [];

    /// <summary>What counts against the threshold of warnings.</summary>
    public List<string> Warnings { get; } = [];

    /// <summary>Adds a check.</summary>
    /// <param name="check">The check.</param>
    public void Add(ValidationCheck check) => _checks.Add(check);
}
