using System.Collections.Immutable;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Everything that an <see cref="InMemoryStore"/> holds, as one immutable value: readers see a snapshot, and a batch that fails leaves no trace.</summary>
internal sealed record InMemoryState
{
    public ImmutableSortedDictionary<WorkflowId, InMemoryWorkflow> Workflows { get; init; } = ImmutableSortedDictionary<WorkflowId, InMemoryWorkflow>.Empty;

    /// <summary>The log of all workflows, by id.</summary>
    public ImmutableList<StoredEvent> Events { get; init; } = [];

    public long LastEventId { get; init; }

    public ImmutableDictionary<string, IdempotencyRecord> IdempotencyKeys { get; init; } = ImmutableDictionary.Create<string, IdempotencyRecord>(StringComparer.Ordinal);

    public ImmutableDictionary<string, StoredDefinition> Definitions { get; init; } = ImmutableDictionary.Create<string, StoredDefinition>(StringComparer.Ordinal);

    /// <summary>The current version by name.</summary>
    public ImmutableSortedDictionary<string, string> CurrentDefinitions { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public ImmutableSortedDictionary<string, DeploymentResource> Deployments { get; init; } =
        ImmutableSortedDictionary.Create<string, DeploymentResource>(StringComparer.Ordinal);

    public ImmutableDictionary<ApprovalId, ApprovalRecord> Approvals { get; init; } = ImmutableDictionary<ApprovalId, ApprovalRecord>.Empty;

    /// <summary>Links to questions, by the hashes of their tokens.</summary>
    public ImmutableDictionary<string, ApprovalLink> Links { get; init; } = ImmutableDictionary.Create<string, ApprovalLink>(StringComparer.Ordinal);

    /// <summary>All attempts, by workflow, stage and number.</summary>
    public IEnumerable<InMemoryAttempt> Attempts => Workflows.Values.SelectMany(workflow => workflow.Attempts.Values);

    /// <summary>The order of attempts everywhere: by workflow, stage and number.</summary>
    public static int Compare(TaskId left, TaskId right)
    {
        var order = left.WorkflowId.CompareTo(right.WorkflowId);
        order = order != 0 ? order : string.CompareOrdinal(left.Stage, right.Stage);
        return order != 0 ? order : left.Attempt.CompareTo(right.Attempt);
    }
}

/// <summary>A workflow and all that belongs to it.</summary>
/// <param name="Stored">The workflow.</param>
internal sealed record InMemoryWorkflow(StoredWorkflow Stored)
{
    private static readonly Comparer<TaskId> ById = Comparer<TaskId>.Create(InMemoryState.Compare);

    public ImmutableSortedDictionary<TaskId, InMemoryAttempt> Attempts { get; init; } = ImmutableSortedDictionary.Create<TaskId, InMemoryAttempt>(ById);

    public ImmutableList<StoredEvent> Events { get; init; } = [];

    public ImmutableDictionary<StepKey, JsonPayload> Steps { get; init; } = ImmutableDictionary<StepKey, JsonPayload>.Empty;

    public ImmutableList<StoredEvidence> Evidence { get; init; } = [];

    public InMemoryWorkflow With(InMemoryAttempt attempt) => this with { Attempts = Attempts.SetItem(attempt.TaskId, attempt) };
}

/// <summary>An attempt, and whether its success counts.</summary>
/// <param name="Stored">The attempt.</param>
/// <param name="Counted">Whether it is the success of its stage that no retry took back.</param>
/// <param name="Node">Whose it is to offer.</param>
internal sealed record InMemoryAttempt(StoredAttempt Stored, bool Counted, int Node)
{
    /// <summary>The node of attempts that are parked.</summary>
    public const int Parked = 0;

    public TaskId TaskId => Stored.Attempt.TaskId;

    public AttemptStatus Status => Stored.Attempt.Status;

    /// <summary>Whether no agent has it yet, as far as the store knows.</summary>
    public bool Waits => Status is AttemptStatus.Pending or AttemptStatus.Dispatched;
}
