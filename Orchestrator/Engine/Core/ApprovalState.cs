using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A question that a stage asks, until it is decided; when the orchestrator executes the effect itself, until that is recorded. Immutable value.</summary>
public sealed record ApprovalState
{
    /// <summary>The id.</summary>
    public required ApprovalId Id { get; init; }

    /// <summary>What kind of effect it is about; see <see cref="EffectKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>The exact effect, in canonical form.</summary>
    public required JsonPayload Effect { get; init; }

    /// <summary>SHA-256 of the effect, lower-case hexadecimal.</summary>
    public required string EffectHash { get; init; }

    /// <summary>Who may decide, and what happens when nobody does.</summary>
    public ApprovalTerms Terms { get; init; } = ApprovalTerms.Open;

    /// <summary>When it escalated. Null: it did not.</summary>
    public DateTimeOffset? EscalatedAt { get; init; }

    /// <summary>When it was reminded of last. Null: never.</summary>
    public DateTimeOffset? RemindedAt { get; init; }

    /// <summary>How often it was reminded of.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Reminders { get; init; }

    /// <summary>Whether the definition's gate asks, before the first attempt.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsGate { get; init; }

    /// <summary>The head commit that the effect is about. Null: none.</summary>
    public string? Commit { get; init; }

    /// <summary>Whether a person said yes and the orchestrator has not yet recorded that it executed the effect.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsExecuting { get; init; }

    /// <summary>Who may decide now. Empty: everybody who may decide at all.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Deciders => EscalatedAt is null || Terms.Deciders.Count == 0 ? Terms.Deciders : [.. Terms.Deciders, .. Terms.EscalateTo];

    /// <summary>When time alone changes something about it. Null: never.</summary>
    /// <param name="askedAt">When it was asked.</param>
    /// <param name="expiresAt">When it expires.</param>
    public DateTimeOffset? NextAt(DateTimeOffset? askedAt, DateTimeOffset? expiresAt)
    {
        if (IsExecuting)
        {
            return null;
        }

        var reminder = ReminderAt(askedAt);
        return expiresAt is null || reminder < expiresAt ? reminder ?? expiresAt : expiresAt;
    }

    /// <summary>When the next reminder is due. Null: never.</summary>
    /// <param name="askedAt">When it was asked.</param>
    public DateTimeOffset? ReminderAt(DateTimeOffset? askedAt) =>
        Terms.RemindEvery is { } every ? (RemindedAt ?? askedAt) + (every < ApprovalTerms.LeastReminder ? ApprovalTerms.LeastReminder : every) : null;

    /// <summary>Whether someone may decide.</summary>
    /// <param name="roles">What they go by: the name of their key and their scopes. Null: there are no keys; whoever is at the machine may.</param>
    public bool MayDecide(IReadOnlyCollection<string>? roles) => roles is null || Deciders is not { Count: > 0 } deciders || deciders.Any(roles.Contains);
}
