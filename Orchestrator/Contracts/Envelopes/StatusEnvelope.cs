namespace Stack.Contracts;

/// <summary>
/// Tells how an attempt gets on. Not fenced against loss: statuses are for people, and one that is lost loses nothing. A status of an attempt that is not current is dropped.
/// </summary>
public sealed record StatusEnvelope : Envelope
{
    /// <summary>The agent that holds the attempt.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>When, by the agent's clock.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How far it is, 0 to 100. Null: not known.</summary>
    public int? ProgressPercent { get; init; }

    /// <summary>What it does now, in one line. Null: no change.</summary>
    public string? Message { get; init; }

    /// <summary>The iteration of a loop, from 1. Null: it does not loop.</summary>
    public int? Iteration { get; init; }

    /// <summary>Lines for the attempt's log, in order. At most 200 lines of 4,000 characters.</summary>
    public IReadOnlyList<string> Log { get; init; } = [];
}
