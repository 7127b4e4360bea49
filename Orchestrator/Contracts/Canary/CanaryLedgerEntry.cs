using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>What a canary wrote down about an attempt, on its own disk and without asking anybody: one line of JSON.</summary>
public sealed record CanaryLedgerEntry
{
    /// <summary>What happened.</summary>
    public required CanaryLedgerEvent Event { get; init; }

    /// <summary>The attempt.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>Who made it.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>The process that made it.</summary>
    public required int ProcessId { get; init; }

    /// <summary>When, by the agent's clock, which a drill may have put wrong.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>What a canary writes down.</summary>
[JsonConverter(typeof(SnakeCaseEnum<CanaryLedgerEvent>))]
public enum CanaryLedgerEvent
{
    /// <summary>An attempt began.</summary>
    Begun,

    /// <summary>Its work is done; nothing was handed in yet.</summary>
    Finished,
}
