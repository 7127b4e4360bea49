namespace Stack.Contracts;

/// <summary>A workflow as the HTTP API shows it.</summary>
public sealed record WorkflowResource
{
    /// <summary>The id.</summary>
    public required WorkflowId Id { get; init; }

    /// <summary>The id once more, under the name that some clients read.</summary>
    public required WorkflowId WorkflowId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>The name of its definition.</summary>
    public required string Definition { get; init; }

    /// <summary>What was asked for. Null in lists.</summary>
    public string? ProjectRequirements { get; init; }

    /// <summary>What was submitted beside the requirements. Null in lists, or when nothing was.</summary>
    public JsonPayload? Input { get; init; }

    /// <summary>Where it stands.</summary>
    public required WorkflowStatus Status { get; init; }

    /// <summary>The state in the definition's words, for example <c>SCAFFOLDING</c> or <c>COMPLETED</c>.</summary>
    public required string State { get; init; }

    /// <summary>The stage that is under way; the last one when it is over.</summary>
    public string? CurrentStage { get; init; }

    /// <summary>Completed stages in percent of those that must complete.</summary>
    public int Progress { get; init; }

    /// <summary>Who goes first.</summary>
    public required Priority Priority { get; init; }

    /// <summary>Rises with every change; the value for compare-and-set and the <c>ETag</c>.</summary>
    public required long Version { get; init; }

    /// <summary>Why it stopped, or what it waits for, in one sentence. Null while it simply runs.</summary>
    public string? Reason { get; init; }

    /// <summary>What went wrong. Null: nothing.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>Its stages in the order of the definition. Null in lists.</summary>
    public IReadOnlyList<StageResource>? Stages { get; init; }

    /// <summary>The outputs of completed stages by stage name. Null in lists.</summary>
    public IReadOnlyDictionary<string, JsonPayload>? StageOutputs { get; init; }

    /// <summary>The commit that holds what counted so far. Null: no workspace yet.</summary>
    public string? HeadCommit { get; init; }

    /// <summary>The workflow that it replays or forks. Null: none.</summary>
    public WorkflowOrigin? Origin { get; init; }

    /// <summary>Who submitted it.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>The trace that began with its submission, 32 hexadecimal digits.</summary>
    public string? TraceId { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended. Null: it has not.</summary>
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>A stage as the HTTP API shows it.</summary>
public sealed record StageResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The agent type that makes its attempts.</summary>
    public required string Agent { get; init; }

    /// <summary>Where it stands.</summary>
    public required StageStatus Status { get; init; }

    /// <summary>What it needs.</summary>
    public IReadOnlyList<string> Needs { get; init; } = [];

    /// <summary>The number of the current or last attempt; 0 when there was none.</summary>
    public int Attempt { get; init; }

    /// <summary>How many attempts failed and counted.</summary>
    public int Failures { get; init; }

    /// <summary>Who holds the current attempt.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>What its agent said last.</summary>
    public string? Message { get; init; }

    /// <summary>How far its agent says it is, 0 to 100.</summary>
    public int? ProgressPercent { get; init; }

    /// <summary>The iteration of a loop, from 1.</summary>
    public int? Iteration { get; init; }

    /// <summary>The question that waits for a person. Null: none.</summary>
    public string? ApprovalPrompt { get; init; }

    /// <summary>The id of that question. Null: none.</summary>
    public ApprovalId? ApprovalId { get; init; }

    /// <summary>The last failure.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>When the first attempt began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When the next attempt may begin. Null: now, or none is planned.</summary>
    public DateTimeOffset? NextAttemptAt { get; init; }

    /// <summary>The commit of its counted attempt.</summary>
    public string? Commit { get; init; }

    /// <summary>Whether the last claim of its agent held when the orchestrator checked it. Null: it has no checks, or none was made yet.</summary>
    public bool? Verified { get; init; }

    /// <summary>The hash of the evidence for that.</summary>
    public string? Evidence { get; init; }

    /// <summary>Since when its agent's claim is being checked. Null: it is not.</summary>
    public DateTimeOffset? VerifyingSince { get; init; }

    /// <summary>What its attempts used that have ended. Null: none has.</summary>
    public Usage? Usage { get; init; }
}

/// <summary>A page of workflows.</summary>
public sealed record WorkflowList
{
    /// <summary>The workflows, newest first.</summary>
    public required IReadOnlyList<WorkflowResource> Workflows { get; init; }

    /// <summary>Pass it as <c>cursor</c> for the next page. Null: this was the last one.</summary>
    public string? NextCursor { get; init; }
}

/// <summary>Asks for a workflow.</summary>
public sealed record SubmitWorkflowRequest
{
    /// <summary>A name for people; at most 200 characters. Null: made from the requirements.</summary>
    public string? Name { get; init; }

    /// <summary>What it is for.</summary>
    public string? Description { get; init; }

    /// <summary>What is asked for; 1 to 100,000 characters.</summary>
    public string? ProjectRequirements { get; init; }

    /// <summary>The same under a shorter name. Give one of the two.</summary>
    public string? Requirements { get; init; }

    /// <summary>The definition's name. Null: the one named like <see cref="Type"/>, or <c>app</c>.</summary>
    public string? Definition { get; init; }

    /// <summary>The kind of work, for example <c>app</c>, <c>feature</c> or <c>bugfix</c>.</summary>
    public string? Type { get; init; }

    /// <summary>Who goes first. Null: as the definition says.</summary>
    public Priority? Priority { get; init; }

    /// <summary>More input for the agents: a JSON object. Null: none.</summary>
    public JsonPayload? Input { get; init; }
}

/// <summary>Asks to cancel or pause a workflow.</summary>
public sealed record ReasonRequest
{
    /// <summary>Why, for people.</summary>
    public string? Reason { get; init; }
}

/// <summary>Asks to go on.</summary>
public sealed record ResumeRequest
{
    /// <summary>Why, for people. Not kept.</summary>
    public string? Reason { get; init; }

    /// <summary>For a workflow that hit a limit or failed: how many iterations its loops may use beyond their limit, 1 to 100. They go on from their last checkpoint. Null: a paused workflow goes on.</summary>
    public int? Iterations { get; init; }
}

/// <summary>Asks to try again.</summary>
public sealed record RetryRequest
{
    /// <summary>The stage to begin with; all that depend on it run again too. Null: the stages that did not complete.</summary>
    public string? FromStage { get; init; }
}

/// <summary>Decides a question.</summary>
public sealed record DecisionRequest
{
    /// <summary>What the person adds.</summary>
    public string? Comment { get; init; }

    /// <summary>The workflow's version that the person saw. When another is current and the question has changed, the answer is 409. Null: not checked.</summary>
    public long? Version { get; init; }
}
