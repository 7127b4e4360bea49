using System.Text.Json.Serialization;

namespace Stack.Contracts;

/// <summary>How a workflow comes from another one.</summary>
public sealed record WorkflowOrigin
{
    /// <summary>What it is of the other.</summary>
    public required WorkflowOriginKind Kind { get; init; }

    /// <summary>The other workflow. It need not be there: it may be pruned, or on another machine.</summary>
    public required WorkflowId Of { get; init; }

    /// <summary>The stage from which on a fork goes its own way. Null: not a fork.</summary>
    public string? FromStage { get; init; }

    /// <summary>The model that every call is made to, whatever it asks for. Null: what it asks for.</summary>
    public string? Model { get; init; }

    /// <summary>The stages that were taken over as they were, in the order in which they completed.</summary>
    public IReadOnlyList<string> TakenOver { get; init; } = [];

    /// <summary>The stages that a replay leaves out, because they act on more than the workspace.</summary>
    public IReadOnlyList<string> LeftOut { get; init; } = [];

    /// <summary>The hash of what a replay is compared with, in its journal. Null: not a replay.</summary>
    public string? Expected { get; init; }
}

/// <summary>What a workflow is of another one.</summary>
[JsonConverter(typeof(SnakeCaseEnum<WorkflowOriginKind>))]
public enum WorkflowOriginKind
{
    /// <summary>The same again, with the journal's answers in place of models.</summary>
    Replay,

    /// <summary>The same up to a stage, and from there on again.</summary>
    Fork,
}
