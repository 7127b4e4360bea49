using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A workflow as the store gives it back.</summary>
/// <param name="Header">What never changes.</param>
/// <param name="State">What changes.</param>
/// <param name="DisplayState">The state in the definition's words.</param>
/// <param name="CurrentStage">The current stage.</param>
/// <param name="Progress">Percent.</param>
public sealed record StoredWorkflow(WorkflowHeader Header, WorkflowState State, string DisplayState, string? CurrentStage, int Progress);

/// <summary>An event as the store gives it back.</summary>
/// <param name="Id">Rises through the whole log in the order of commits.</param>
/// <param name="WorkflowId">The workflow.</param>
/// <param name="Name">Its name, for example <c>stage.completed</c>.</param>
/// <param name="Stage">The stage, or null.</param>
/// <param name="Attempt">The attempt, or null.</param>
/// <param name="At">When.</param>
/// <param name="Data">The rest, as JSON.</param>
public sealed record StoredEvent(long Id, WorkflowId WorkflowId, string Name, string? Stage, int? Attempt, DateTimeOffset At, JsonPayload Data);

/// <summary>An attempt that is not over, as much as the dispatcher and the rescuer need of it.</summary>
/// <param name="TaskId">The attempt.</param>
/// <param name="Status">Pending, dispatched or running.</param>
/// <param name="AgentType">Which agents can take it.</param>
/// <param name="Priority">Who goes first.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="AvailableAt">When it may begin. Null: at once.</param>
/// <param name="AgentId">Who holds it. Null: nobody.</param>
/// <param name="LeaseExpiresAt">When the lease runs out. Null: there is none.</param>
/// <param name="Deadline">When it has timed out. Null: it has not begun.</param>
public sealed record ActiveAttempt(
    TaskId TaskId,
    AttemptStatus Status,
    string AgentType,
    Priority Priority,
    DateTimeOffset CreatedAt,
    DateTimeOffset? AvailableAt,
    AgentId? AgentId,
    DateTimeOffset? LeaseExpiresAt,
    DateTimeOffset? Deadline);

/// <summary>An attempt as the store gives it back.</summary>
public sealed record StoredAttempt
{
    /// <summary>The part that the engine works with.</summary>
    public required ActiveAttempt Attempt { get; init; }

    /// <summary>When an agent got it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>Its output. Null: none, or it was read as part of a list.</summary>
    public JsonPayload? Output { get; init; }

    /// <summary>Why it failed.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>What it used.</summary>
    public Usage? Usage { get; init; }

    /// <summary>The commit that it pushed.</summary>
    public string? Commit { get; init; }

    /// <summary>Files worth showing and warnings.</summary>
    public JsonPayload? Extras { get; init; }

    /// <summary>What its agent said last.</summary>
    public string? Message { get; init; }

    /// <summary>How far its agent said it was.</summary>
    public int? ProgressPercent { get; init; }

    /// <summary>The iteration that its agent named last.</summary>
    public int? Iteration { get; init; }
}

/// <summary>Filters for workflows; null means any.</summary>
public sealed record WorkflowQuery
{
    /// <summary>Where they stand.</summary>
    public WorkflowStatus? Status { get; init; }

    /// <summary>The kind of work.</summary>
    public string? Type { get; init; }

    /// <summary>The priority.</summary>
    public Priority? Priority { get; init; }

    /// <summary>The definition's name.</summary>
    public string? Definition { get; init; }

    /// <summary>Only workflows older than this one: the last of the page before.</summary>
    public WorkflowId? Before { get; init; }

    /// <summary>At most this many; 1 to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>Filters for attempts; null means any.</summary>
public sealed record AttemptQuery
{
    /// <summary>The workflow.</summary>
    public WorkflowId? WorkflowId { get; init; }

    /// <summary>Where they stand.</summary>
    public AttemptStatus? Status { get; init; }

    /// <summary>Which agents can take them.</summary>
    public string? AgentType { get; init; }

    /// <summary>Only attempts that were made before this one (by workflow, stage and number): the last of the page before.</summary>
    public TaskId? Before { get; init; }

    /// <summary>At most this many; 1 to 1,000.</summary>
    public int Limit { get; init; } = 50;
}

/// <summary>Counts for health and lists.</summary>
/// <param name="Workflows">Workflows by status.</param>
/// <param name="Attempts">Attempts that are not over, by agent type and status.</param>
public sealed record StoreCounts(IReadOnlyDictionary<WorkflowStatus, long> Workflows, IReadOnlyDictionary<(string AgentType, AttemptStatus Status), long> Attempts);
