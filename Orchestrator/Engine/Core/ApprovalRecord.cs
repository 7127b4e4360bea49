using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A question to a person as stores keep it: written in the same transaction as the change of its workflow.</summary>
public sealed record ApprovalRecord
{
    /// <summary>The id.</summary>
    public required ApprovalId Id { get; init; }

    /// <summary>The workflow that waits.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>Its name.</summary>
    public required string WorkflowName { get; init; }

    /// <summary>The stage that waits.</summary>
    public required string Stage { get; init; }

    /// <summary>The attempt that asked. Null: the definition's gate did.</summary>
    public int? Attempt { get; init; }

    /// <summary>Where it stands.</summary>
    public required ApprovalStatus Status { get; init; }

    /// <summary>The question.</summary>
    public required string Prompt { get; init; }

    /// <summary>When it was asked.</summary>
    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>When it expires. Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The effect and its terms.</summary>
    public required ApprovalState Question { get; init; }

    /// <summary>What was decided. Null: nothing yet.</summary>
    public ApprovalDecision? Decision { get; init; }

    /// <summary>Whether the orchestrator must still execute what was approved.</summary>
    [JsonIgnore]
    public bool IsUnexecuted => Status is ApprovalStatus.Approved && Question.IsExecuting && Decision?.Execution is null;
}
