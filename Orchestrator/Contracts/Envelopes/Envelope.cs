using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>
/// A message between the orchestrator and agents. A closed union, told apart by <c>kind</c>. Delivered at least once; <see cref="TaskId"/> is the idempotency key.
/// Readers ignore properties that they do not know and refuse another major <see cref="EnvelopeVersion"/>.
/// </summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "kind")]
[JsonDerivedType(typeof(TaskEnvelope), "task")]
[JsonDerivedType(typeof(StatusEnvelope), "task.status")]
[JsonDerivedType(typeof(ResultEnvelope), "task.result")]
[JsonDerivedType(typeof(CancelEnvelope), "task.cancel")]
public abstract record Envelope
{
    /// <summary>The version that this code writes.</summary>
    public const string CurrentVersion = "1.0.0";

    private protected Envelope()
    {
    }

    /// <summary>Semantic version of the envelope.</summary>
    /// <value>The default is <see cref="CurrentVersion"/>.</value>
    public string EnvelopeVersion { get; init; } = CurrentVersion;

    /// <summary>The attempt that the message is about.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The W3C Trace Context <c>traceparent</c> that the receiver continues. Null: the sender was not traced.</summary>
    public string? Traceparent { get; init; }

    /// <summary>The W3C Trace Context <c>tracestate</c>.</summary>
    public string? Tracestate { get; init; }
}

/// <summary>Asks to stop an attempt. The attempt's result no longer counts: the agent ends its child processes and drops it.</summary>
public sealed record CancelEnvelope : Envelope
{
    /// <summary>Why: <c>canceled</c> by a person, or <c>lost</c> because the lease went to another attempt.</summary>
    public required string Reason { get; init; }
}
