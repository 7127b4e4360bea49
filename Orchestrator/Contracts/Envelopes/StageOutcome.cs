using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>How an attempt ended. A closed union.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(Completed), "stage.completed")]
[JsonDerivedType(typeof(Failed), "stage.failed")]
[JsonDerivedType(typeof(NeedsApproval), "stage.needs_approval")]
[JsonDerivedType(typeof(Snoozed), "stage.snoozed")]
[JsonDerivedType(typeof(Canceled), "stage.canceled")]
public abstract record StageOutcome
{
    private StageOutcome()
    {
    }

    /// <summary>The work is done.</summary>
    public sealed record Completed : StageOutcome
    {
        /// <summary>What later stages may read. Null: nothing.</summary>
        public JsonPayload? Output { get; init; }
    }

    /// <summary>The work is not done.</summary>
    public sealed record Failed : StageOutcome
    {
        /// <summary>Why.</summary>
        public required StructuredError Error { get; init; }

        /// <summary>What was achieved all the same: a report, partial results. Kept and shown. Null: nothing.</summary>
        public JsonPayload? Output { get; init; }
    }

    /// <summary>A person must decide. The stage waits, without an agent, and is attempted again with the decision in its context.</summary>
    public sealed record NeedsApproval : StageOutcome
    {
        /// <summary>The question.</summary>
        public required string Prompt { get; init; }

        /// <summary>
        /// The exact effect that would be executed on yes: a JSON object with its <c>kind</c> (see <see cref="EffectKinds"/>), at most 256 KiB. What it says of itself in <c>diff</c>, <c>command</c> and
        /// <c>money</c> is shown to people. Null: none beyond going on.
        /// </summary>
        public JsonPayload? Effect { get; init; }

        /// <summary>Who may decide, and until when. Null: as the stage's <c>approval</c> says; without one, everybody who may decide, for ever.</summary>
        public ApprovalTerms? Terms { get; init; }
    }

    /// <summary>Not now. The stage is attempted again later; this costs no attempt.</summary>
    public sealed record Snoozed : StageOutcome
    {
        /// <summary>Milliseconds to wait; at least 1.</summary>
        public required long DelayMs { get; init; }

        /// <summary>Why, for a person.</summary>
        public string? Reason { get; init; }
    }

    /// <summary>The agent stopped before the end: it was told to cancel, or it is shutting down and hands the attempt back, which costs nothing.</summary>
    public sealed record Canceled : StageOutcome
    {
        /// <summary>Why, for a person.</summary>
        public string? Reason { get; init; }
    }
}
