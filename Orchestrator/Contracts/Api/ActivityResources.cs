namespace Stack.Contracts;

/// <summary>Something that happened, as the event log keeps it. Never changed, never removed before its workflow is.</summary>
public sealed record EventResource
{
    /// <summary>Rises through the whole log; the id for <c>Last-Event-ID</c>.</summary>
    public required long Id { get; init; }

    /// <summary>The workflow.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>What happened, for example <c>stage.completed</c>.</summary>
    public required string Type { get; init; }

    /// <summary>The stage. Null: it concerns the workflow.</summary>
    public string? Stage { get; init; }

    /// <summary>The attempt. Null: it concerns none.</summary>
    public int? Attempt { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>More, depending on the type.</summary>
    public JsonPayload? Data { get; init; }
}

/// <summary>A page of events.</summary>
public sealed record EventList
{
    /// <summary>The events, oldest first.</summary>
    public required IReadOnlyList<EventResource> Events { get; init; }

    /// <summary>The id of the last one; pass it as <c>after</c> for what follows.</summary>
    public long LastEventId { get; init; }
}

/// <summary>An attempt as the HTTP API shows it. Seeds and some clients call it a task.</summary>
public sealed record TaskResource
{
    /// <summary>The id.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>The workflow.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The number, from 1.</summary>
    public required int Attempt { get; init; }

    /// <summary>Which agents can take it.</summary>
    public required string AgentType { get; init; }

    /// <summary>Where it stands.</summary>
    public required AttemptStatus Status { get; init; }

    /// <summary>Who has or had it.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>Who goes first.</summary>
    public Priority Priority { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When an agent got it.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? FinishedAt { get; init; }

    /// <summary>When its lease runs out.</summary>
    public DateTimeOffset? LeaseExpiresAt { get; init; }

    /// <summary>Its output.</summary>
    public JsonPayload? Output { get; init; }

    /// <summary>Why it failed.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>What it used.</summary>
    public Usage? Usage { get; init; }

    /// <summary>The commit that it pushed.</summary>
    public string? Commit { get; init; }
}

/// <summary>A page of tasks.</summary>
public sealed record TaskList
{
    /// <summary>The tasks.</summary>
    public required IReadOnlyList<TaskResource> Tasks { get; init; }

    /// <summary>Pass it as <c>cursor</c> for the next page. Null: this was the last one.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>An agent as the HTTP API shows it.</summary>
public sealed record AgentResource
{
    /// <summary>The instance.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>Its type.</summary>
    public required string AgentType { get; init; }

    /// <summary>Its version.</summary>
    public required string Version { get; init; }

    /// <summary>What it can do.</summary>
    public IReadOnlyList<string> Capabilities { get; init; } = [];

    /// <summary>What its machine offers.</summary>
    public AgentResources Resources { get; init; } = new();

    /// <summary>Whether it is there.</summary>
    public required AgentStatus Status { get; init; }

    /// <summary>How it feels.</summary>
    public AgentHealth Health { get; init; }

    /// <summary>The attempts that it holds.</summary>
    public IReadOnlyList<TaskId> Running { get; init; } = [];

    /// <summary>How many it can hold.</summary>
    public int MaxConcurrency { get; init; }

    /// <summary>Attempts that it ended.</summary>
    public long TasksProcessed { get; init; }

    /// <summary>Attempts among them that ended in an unexpected error.</summary>
    public long Errors { get; init; }

    /// <summary>Its machine.</summary>
    public string? Host { get; init; }

    /// <summary>Its process.</summary>
    public int? Pid { get; init; }

    /// <summary>When it registered.</summary>
    public required DateTimeOffset RegisteredAt { get; init; }

    /// <summary>Its last sign of life.</summary>
    public required DateTimeOffset LastHeartbeat { get; init; }
}

/// <summary>All agents.</summary>
/// <param name="Agents">The agents, by type and id.</param>
public sealed record AgentList(IReadOnlyList<AgentResource> Agents);
