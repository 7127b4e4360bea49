using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What became of an input.</summary>
public enum Verdict
{
    /// <summary>It changed the state.</summary>
    Applied,

    /// <summary>It asked for what is so already.</summary>
    NoChange,

    /// <summary>The same result counted before.</summary>
    Duplicate,

    /// <summary>It is about an attempt that is not current.</summary>
    Stale,

    /// <summary>It is about a stage that is not there.</summary>
    Unknown,

    /// <summary>The state does not allow it.</summary>
    Refused,

    /// <summary>Somebody else may decide.</summary>
    Forbidden,
}

/// <summary>What the core decided: the new state and what follows from it.</summary>
public sealed record Decision
{
    /// <summary>What became of the input.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>The state afterwards; the state before when nothing changed.</summary>
    public required WorkflowState State { get; init; }

    /// <summary>Why the input changed nothing, with the remedy, for a person.</summary>
    public string? Reason { get; init; }

    /// <summary>What happened, in order.</summary>
    public IReadOnlyList<WorkflowEvent> Events { get; init; } = [];

    /// <summary>Attempts that begin.</summary>
    public IReadOnlyList<AttemptInsert> NewAttempts { get; init; } = [];

    /// <summary>Attempts that end.</summary>
    public IReadOnlyList<AttemptEnd> EndedAttempts { get; init; } = [];

    /// <summary>Attempts whose claims are checked, or will not be.</summary>
    public IReadOnlyList<AttemptSettlement> SettledAttempts { get; init; } = [];

    /// <summary>Attempts among those that end whose agents do not know it yet.</summary>
    public IReadOnlyList<TaskId> ToStop { get; init; } = [];

    /// <summary>Questions to people that are new or changed, as they are now; of several with one id the last counts.</summary>
    public IReadOnlyList<ApprovalRecord> Approvals { get; init; } = [];

    /// <summary>Attempts that wait and may be given out again: the workflow was resumed.</summary>
    public IReadOnlyList<TaskId> ToOffer { get; init; } = [];
}
