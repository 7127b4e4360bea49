using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Loops;

/// <summary>Where a task stands.</summary>
[JsonConverter(typeof(SnakeCaseEnum<LoopTaskStatus>))]
internal enum LoopTaskStatus
{
    /// <summary>It has not begun: it waits for an agent, or for a person's yes.</summary>
    Queued,

    /// <summary>It is under way, or waits for a model or an answer.</summary>
    Running,

    /// <summary>The evidence suffices.</summary>
    Completed,

    /// <summary>Someone stopped it.</summary>
    Stopped,

    /// <summary>A person said no.</summary>
    Rejected,

    /// <summary>It cannot go on.</summary>
    Failed,

    /// <summary>A limit was hit; what was made is kept, and it can go on with more.</summary>
    Exhausted,
}

/// <summary>Asks for a task.</summary>
internal sealed record LoopTaskRequest
{
    /// <summary>What is to be done; 1 to 100,000 characters.</summary>
    public string? Prompt { get; init; }

    /// <summary>Who does it: <c>native</c> (a model that calls tools), or a program of the backends' file, for example <c>aider</c>. Null: as the definition says, else <c>native</c>.</summary>
    public string? Backend { get; init; }

    /// <summary>The model, or an alias of the gateway. Null: as the definition says, else <c>smart</c>.</summary>
    public string? Model { get; init; }

    /// <summary>The model to turn to when nothing changes. Null: none.</summary>
    public string? PivotModel { get; init; }

    /// <summary>The most iterations: 1 to 100, or -1 to let complexity and history decide. Null: as the definition says, else 20.</summary>
    public int? MaxIterations { get; init; }

    /// <summary>How many iterations in a row may change nothing before something else is tried. Null: 3.</summary>
    public int? StallAfter { get; init; }

    /// <summary>Whether a person is asked before it stops because nothing changes. Null: yes.</summary>
    public bool? Ask { get; init; }

    /// <summary>Whether a person must agree before it begins.</summary>
    public bool? RequireApproval { get; init; }

    /// <summary>Commands that must succeed before it is done. Null: none.</summary>
    public IReadOnlyList<string>? Checks { get; init; }

    /// <summary>What belongs to the task beside its words; it goes into the prompt. Null: nothing.</summary>
    public JsonPayload? Context { get; init; }

    /// <summary>The repository to work on. Null: an empty one.</summary>
    public string? Repository { get; init; }

    /// <summary>A branch, a tag or a commit of it. Null: its HEAD.</summary>
    public string? Ref { get; init; }

    /// <summary>The definition, which has a stage of the agent <c>loop</c>. Null: <c>task</c>.</summary>
    public string? Definition { get; init; }
}

/// <summary>A task was taken.</summary>
/// <param name="TaskId">Its id, which is its workflow's too.</param>
/// <param name="Status">Where it stands.</param>
/// <param name="Message">The same for a person.</param>
internal sealed record LoopTaskAccepted(WorkflowId TaskId, LoopTaskStatus Status, string Message);

/// <summary>A task.</summary>
internal sealed record LoopTask
{
    /// <summary>Its id, which is its workflow's too.</summary>
    public required WorkflowId TaskId { get; init; }

    /// <summary>Where it stands.</summary>
    public required LoopTaskStatus Status { get; init; }

    /// <summary>What is to be done, shortened.</summary>
    public required string Prompt { get; init; }

    /// <summary>Iterations that counted.</summary>
    public int Iteration { get; init; }

    /// <summary>Who does it. Null: as the definition says.</summary>
    public string? Backend { get; init; }

    /// <summary>Whether it waits for a person.</summary>
    public bool AwaitingApproval { get; init; }

    /// <summary>What it does, waits for or asks, in a sentence. Null: nothing is known.</summary>
    public string? Message { get; init; }

    /// <summary>Why it did not get there. Null: it did, or is under way.</summary>
    public string? Error { get; init; }

    /// <summary>The code of that error, for programs.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When its loop was first queued. Null: it was not.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it last changed.</summary>
    public required DateTimeOffset LastUpdate { get; init; }

    /// <summary>When it ended. Null: it has not.</summary>
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>A page of tasks.</summary>
/// <param name="Tasks">The tasks, newest first.</param>
/// <param name="NextCursor">Pass it as <c>cursor</c> for the next page. Null: this was the last one.</param>
internal sealed record LoopTaskList(IReadOnlyList<LoopTask> Tasks, string? NextCursor);

/// <summary>What a task made so far.</summary>
internal sealed record LoopTaskResult
{
    /// <summary>Its id.</summary>
    public required WorkflowId TaskId { get; init; }

    /// <summary>Where it stands.</summary>
    public required LoopTaskStatus Status { get; init; }

    /// <summary><c>success</c>, or the code of what stopped it. Null: it is under way.</summary>
    public string? CompletionReason { get; init; }

    /// <summary>Iterations that counted.</summary>
    public int Iterations { get; init; }

    /// <summary>Iterations that changed the evidence.</summary>
    public int Productive { get; init; }

    /// <summary>The commit that holds what was made, also when that is a part. <c>GET /api/v1/workflows/ID/files?ref=COMMIT</c> shows it. Null: nothing was.</summary>
    public string? Commit { get; init; }

    /// <summary>What the loop says of its work. Null: it has not ended.</summary>
    public JsonPayload? Output { get; init; }

    /// <summary>What went wrong. Null: nothing.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>What its attempts used that have ended.</summary>
    public required Usage Usage { get; init; }

    /// <summary>The iterations that counted, in order.</summary>
    public required IReadOnlyList<IterationRecord> History { get; init; }
}

/// <summary>How tasks went.</summary>
internal sealed record LoopStats
{
    /// <summary>All that were looked at.</summary>
    public int Total { get; init; }

    /// <summary>Those that have not begun.</summary>
    public int Queued { get; init; }

    /// <summary>Those under way.</summary>
    public int Running { get; init; }

    /// <summary>Those that got there.</summary>
    public int Completed { get; init; }

    /// <summary>Those that failed.</summary>
    public int Failed { get; init; }

    /// <summary>Those that someone stopped.</summary>
    public int Stopped { get; init; }

    /// <summary>Those that a person rejected.</summary>
    public int Rejected { get; init; }

    /// <summary>Those that hit a limit.</summary>
    public int Exhausted { get; init; }

    /// <summary>Iterations, as the agents said.</summary>
    public int TotalIterations { get; init; }

    /// <summary>Iterations of a task that began, on average.</summary>
    public double AverageIterations { get; init; }

    /// <summary>Productive iterations of the newest 20 that completed, on average; what the adaptive limit learns from.</summary>
    public double AverageProductiveIterations { get; init; }

    /// <summary>Whether -1 is understood as a limit.</summary>
    public bool Adaptive { get; init; } = true;

    /// <summary>Whether tasks are taken.</summary>
    public bool LoopEnabled { get; init; }
}
