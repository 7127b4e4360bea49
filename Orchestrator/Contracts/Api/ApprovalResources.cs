namespace Stack.Contracts;

/// <summary>A question to a person, as the HTTP API shows it.</summary>
public sealed record ApprovalResource
{
    /// <summary>The id.</summary>
    public required ApprovalId Id { get; init; }

    /// <summary>What kind of effect it is about, for example <c>stage</c>, <c>deploy</c>, <c>tool_call</c>, <c>budget_increase</c>, <c>plan</c> or <c>clarification</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The question.</summary>
    public required string Prompt { get; init; }

    /// <summary>Where it stands.</summary>
    public required ApprovalStatus Status { get; init; }

    /// <summary>The workflow that waits for the answer.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>Its name.</summary>
    public required string WorkflowName { get; init; }

    /// <summary>The stage that waits for the answer.</summary>
    public required string Stage { get; init; }

    /// <summary>The attempt that asked. Null: the definition's gate did.</summary>
    public int? Attempt { get; init; }

    /// <summary>The exact effect that yes executes, in canonical form. Null in lists.</summary>
    public JsonPayload? Effect { get; init; }

    /// <summary>SHA-256 of the effect, lower-case hexadecimal: send it back as <c>expected_hash</c>.</summary>
    public required string EffectHash { get; init; }

    /// <summary>The change: what the effect shows, or which files the commit changed that a gate is about. Null in lists, or when there is none.</summary>
    public string? Diff { get; init; }

    /// <summary>The command, when the effect names one.</summary>
    public string? Command { get; init; }

    /// <summary>Dollars, when the effect names some.</summary>
    public decimal? Money { get; init; }

    /// <summary>Who may decide: names of API keys and scopes. Empty: everybody with the scope <c>write</c>.</summary>
    public IReadOnlyList<string> Deciders { get; init; } = [];

    /// <summary>When it was asked.</summary>
    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>When it expires. Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What happens then.</summary>
    public ApprovalExpiry OnExpiry { get; init; }

    /// <summary>When it escalated. Null: it did not.</summary>
    public DateTimeOffset? EscalatedAt { get; init; }

    /// <summary>How often it was reminded of.</summary>
    public int Reminders { get; init; }

    /// <summary>What was decided. Null: nothing yet.</summary>
    public ApprovalDecision? Decision { get; init; }
}

/// <summary>A page of questions.</summary>
public sealed record ApprovalList
{
    /// <summary>The questions, newest first.</summary>
    public required IReadOnlyList<ApprovalResource> Approvals { get; init; }

    /// <summary>Pass it as <c>cursor</c> for the next page. Null: this was the last one.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>What a person makes of a question.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(SnakeCaseEnum<DecisionKind>))]
public enum DecisionKind
{
    /// <summary>Yes, to exactly this effect.</summary>
    Approve,

    /// <summary>No.</summary>
    Reject,

    /// <summary>Yes, to another effect of the same kind.</summary>
    Amend,
}

/// <summary>Decides a question.</summary>
public sealed record ApprovalDecisionRequest
{
    /// <summary>What.</summary>
    public required DecisionKind Decision { get; init; }

    /// <summary>The hash of the effect that the person saw. When it is another one now the answer is 409. Needed for yes.</summary>
    public string? ExpectedHash { get; init; }

    /// <summary>What the person adds; the answer, when something must be clarified.</summary>
    public string? Comment { get; init; }

    /// <summary>The effect to execute instead, when the decision is to amend.</summary>
    public JsonPayload? Effect { get; init; }
}

/// <summary>Asks for a link that decides one question once.</summary>
public sealed record ApprovalLinkRequest
{
    /// <summary>How long it works; at most 30 days. Null: a day, and never longer than the question stands.</summary>
    [System.Text.Json.Serialization.JsonConverter(typeof(DurationText.Converter))]
    public TimeSpan? ExpiresAfter { get; init; }
}

/// <summary>A link that decides one question once.</summary>
/// <param name="ApprovalId">The question.</param>
/// <param name="Url">The address. Whoever has it may decide in the name of the one who made it. It is shown this once; only its hash is kept.</param>
/// <param name="ExpiresAt">Until when it works.</param>
public sealed record ApprovalLinkResource(ApprovalId ApprovalId, Uri Url, DateTimeOffset ExpiresAt);
