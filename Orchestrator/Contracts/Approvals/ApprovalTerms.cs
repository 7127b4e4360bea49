using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>Who may answer a question, and what happens when nobody does.</summary>
public sealed record ApprovalTerms
{
    /// <summary>The least time between two reminders.</summary>
    public static readonly TimeSpan LeastReminder = TimeSpan.FromMinutes(1);

    /// <summary>Anybody who may decide at all; it stands for ever.</summary>
    public static ApprovalTerms Open { get; } = new();

    /// <summary>Who may decide: names of API keys, or the scopes <c>write</c> and <c>admin</c>. Empty: everybody with the scope <c>write</c>.</summary>
    public IReadOnlyList<string> Deciders { get; init; } = [];

    /// <summary>How long the question stands. Null: for ever.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? ExpiresAfter { get; init; }

    /// <summary>What happens when nobody answers in time.</summary>
    /// <value>The default is <see cref="ApprovalExpiry.Reject"/>.</value>
    public ApprovalExpiry OnExpiry { get; init; }

    /// <summary>The time between reminders; at least a minute. Null: none.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? RemindEvery { get; init; }

    /// <summary>Who may decide, too, once the question has escalated.</summary>
    public IReadOnlyList<string> EscalateTo { get; init; } = [];

    /// <summary>How long the question stands after it has escalated. Null: for ever.</summary>
    [JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? EscalationExpiresAfter { get; init; }
}

/// <summary>What happens to a question that nobody answered in time.</summary>
[JsonConverter(typeof(SnakeCaseEnum<ApprovalExpiry>))]
public enum ApprovalExpiry
{
    /// <summary>It counts as no.</summary>
    Reject,

    /// <summary>It stays open.</summary>
    Keep,

    /// <summary>Others may decide, too; when they do not, it counts as no.</summary>
    Escalate,
}

/// <summary>What a gate asks about.</summary>
[JsonConverter(typeof(SnakeCaseEnum<GateEffect>))]
public enum GateEffect
{
    /// <summary>That the stage begins.</summary>
    Stage,

    /// <summary>The workflow's input: an effect that the orchestrator executes itself, in place of an agent. The stage's agent is <c>orchestrator</c>.</summary>
    Input,
}
