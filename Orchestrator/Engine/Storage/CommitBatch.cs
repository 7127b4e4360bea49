using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What one transaction writes.</summary>
public sealed record CommitBatch
{
    /// <summary>The orchestrator that writes: attempts that begin are its own to offer, unless they are parked.</summary>
    public int Node { get; init; } = NodeRoll.Sole;

    /// <summary>Workflows that changed; each id at most once.</summary>
    public IReadOnlyList<WorkflowWrite> Workflows { get; init; } = [];

    /// <summary>Leases that began, were renewed, or were confirmed by a broker. Written only while the attempt is not over.</summary>
    public IReadOnlyList<LeaseWrite> Leases { get; init; } = [];

    /// <summary>What attempts said of themselves. Written only while the workflow exists.</summary>
    public IReadOnlyList<NoteWrite> Notes { get; init; } = [];
}

/// <summary>One changed workflow.</summary>
public sealed record WorkflowWrite
{
    /// <summary>The version that must be in the store. Zero: the workflow must not be there, and <see cref="Header"/> is given.</summary>
    public required long ExpectedVersion { get; init; }

    /// <summary>The state to write; its version is the expected one plus one.</summary>
    public required WorkflowState State { get; init; }

    /// <summary>The state in the definition's words, for lists.</summary>
    public required string DisplayState { get; init; }

    /// <summary>The current stage, for lists.</summary>
    public string? CurrentStage { get; init; }

    /// <summary>Progress in percent, for lists.</summary>
    public int Progress { get; init; }

    /// <summary>The header of a new workflow. Null: it exists.</summary>
    public WorkflowHeader? Header { get; init; }

    /// <summary>The idempotency key of the submission. Null: none.</summary>
    public IdempotencyRecord? Idempotency { get; init; }

    /// <summary>Attempts that begin.</summary>
    public IReadOnlyList<AttemptInsert> NewAttempts { get; init; } = [];

    /// <summary>Attempts that end.</summary>
    public IReadOnlyList<AttemptEnd> EndedAttempts { get; init; } = [];

    /// <summary>Attempts among those that ended as a claim (<see cref="AttemptStatus.Verifying"/>), also with this write, whose claim is settled. Others are left alone.</summary>
    public IReadOnlyList<AttemptSettlement> SettledAttempts { get; init; } = [];

    /// <summary>Attempts that exist, and that the writer offers from now on if they still wait, whoever offered them before. Named in the outcome when they do.</summary>
    public IReadOnlyList<TaskId> Claims { get; init; } = [];

    /// <summary>Questions to people that are new or changed, as they are from now on; of several with one id the last counts.</summary>
    public IReadOnlyList<ApprovalRecord> Approvals { get; init; } = [];

    /// <summary>What happened, in order.</summary>
    public required IReadOnlyList<WorkflowEvent> Events { get; init; }
}

/// <summary>An attempt that begins, with status pending.</summary>
public sealed record AttemptInsert
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The number.</summary>
    public required int Attempt { get; init; }

    /// <summary>Which agents can take it.</summary>
    public required string AgentType { get; init; }

    /// <summary>Who goes first.</summary>
    public required Priority Priority { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it may begin. Null: at once.</summary>
    public DateTimeOffset? AvailableAt { get; init; }

    /// <summary>Whether it waits in the store alone, because enough others wait in memory; see <see cref="IWorkflowStore.TakeParkedAsync"/>.</summary>
    public bool Parked { get; init; }
}

/// <summary>An attempt that ends.</summary>
public sealed record AttemptEnd
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The number.</summary>
    public required int Attempt { get; init; }

    /// <summary>How.</summary>
    public required AttemptStatus Status { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Who made it. Null: what the lease says stands.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>When the agent began. Null: what the lease says stands.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>Its output. Over 64 KiB it goes to a content-addressed blob. Null: none.</summary>
    public JsonPayload? Output { get; init; }

    /// <summary>Why it failed. Null: it did not.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>What it used. Null: not known.</summary>
    public Usage? Usage { get; init; }

    /// <summary>The commit that it pushed. Null: none.</summary>
    public string? Commit { get; init; }

    /// <summary>Files worth showing and warnings, as JSON. Null: none.</summary>
    public JsonPayload? Extras { get; init; }
}

/// <summary>What became of an attempt's claim. The rest of the attempt stays as its agent reported it.</summary>
/// <param name="Stage">The stage.</param>
/// <param name="Attempt">The number.</param>
/// <param name="Status">Completed, which makes it the success of its stage that counts; failed or canceled.</param>
/// <param name="Error">Why it does not hold. Null: it does, or nobody wants to know any more.</param>
public sealed record AttemptSettlement(string Stage, int Attempt, AttemptStatus Status, StructuredError? Error);

/// <summary>A lease that began or was renewed.</summary>
public readonly record struct LeaseWrite
{
    /// <summary>The attempt.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>Running, or dispatched when a broker confirmed it and no agent has started it.</summary>
    public required AttemptStatus Status { get; init; }

    /// <summary>Who holds it. Null: nobody yet (dispatched).</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>When it began; written once.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it runs out. Null: never (dispatched).</summary>
    public DateTimeOffset? LeaseExpiresAt { get; init; }

    /// <summary>When the attempt has timed out. Null: no change.</summary>
    public DateTimeOffset? Deadline { get; init; }
}

/// <summary>Something for people about an attempt: appended to the events, and the last message kept on the attempt.</summary>
public readonly record struct NoteWrite
{
    /// <summary>The attempt.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>Started, progressed or logged.</summary>
    public required WorkflowEvent Event { get; init; }
}

/// <summary>What became of a batch.</summary>
public sealed record CommitOutcome
{
    /// <summary>Workflows that were left out because another version is stored. Empty when all were written.</summary>
    public IReadOnlyCollection<WorkflowId> Conflicts { get; init; } = [];

    /// <summary>Submissions that were left out because their idempotency key was used in the meantime.</summary>
    public IReadOnlyCollection<WorkflowId> IdempotencyConflicts { get; init; } = [];

    /// <summary>The attempts among the claims that wait, and that are the writer's to offer now.</summary>
    public IReadOnlyCollection<TaskId> Claimed { get; init; } = [];

    /// <summary>
    /// The highest event id that the batch wrote; 0 when it wrote none. The ids of a batch follow one another without a gap; without notes, and when nothing was left out,
    /// in the order of its workflows and of their events.
    /// </summary>
    public long LastEventId { get; init; }
}

/// <summary>A used idempotency key.</summary>
/// <param name="Key">The key, at most 255 characters.</param>
/// <param name="RequestHash">SHA-256 of the request, lower-case hexadecimal.</param>
/// <param name="WorkflowId">The workflow that it made.</param>
public sealed record IdempotencyRecord(string Key, string RequestHash, WorkflowId WorkflowId);
