using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>How a drill went; a line of the history.</summary>
internal sealed record DrillOutcome
{
    public required string Drill { get; init; }

    public required DateTimeOffset At { get; init; }

    public required DrillStatus Status { get; init; }

    /// <summary>What its random choices came from.</summary>
    public required int Seed { get; init; }

    /// <summary>How many workflows it ran.</summary>
    public int Workflows { get; init; }

    /// <summary>0 to 100. Null: it does not apply.</summary>
    public int? Score { get; init; }

    /// <summary>Why it does not apply. Null: it does.</summary>
    public string? Reason { get; init; }

    /// <summary>Milliseconds from the end of the fault to the first success of an attempt. Null: there was no fault, or no success.</summary>
    public long? ProgressMs { get; init; }

    /// <summary>Milliseconds from the end of the fault until everything was well. Null: there was no fault, or it never was.</summary>
    public long? HealthyMs { get; init; }

    /// <summary>Milliseconds that all of it took.</summary>
    public long TookMs { get; init; }

    public IReadOnlyList<Check> Checks { get; init; } = [];
}

/// <summary>How a drill ended.</summary>
[JsonConverter(typeof(SnakeCaseEnum<DrillStatus>))]
internal enum DrillStatus
{
    /// <summary>Every check held.</summary>
    Held,

    /// <summary>One did not.</summary>
    Broken,

    /// <summary>What it hurts does not run as a process here.</summary>
    NotApplicable,
}
