using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What never changes about a workflow after its submission.</summary>
public sealed record WorkflowHeader
{
    /// <summary>The id.</summary>
    public required WorkflowId Id { get; init; }

    /// <summary>The name for people.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>The kind of work.</summary>
    public required string Type { get; init; }

    /// <summary>The definition's name.</summary>
    public required string DefinitionName { get; init; }

    /// <summary>The definition's version: SHA-256 of its content, lower-case hexadecimal. The workflow is pinned to it.</summary>
    public required string DefinitionVersion { get; init; }

    /// <summary>What was asked for.</summary>
    public string Requirements { get; init; } = "";

    /// <summary>What was submitted beside it. Null: nothing.</summary>
    public JsonPayload? Input { get; init; }

    /// <summary>Who goes first.</summary>
    public Priority Priority { get; init; } = Priority.Medium;

    /// <summary>Who submitted it. Null: not known.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When it was submitted.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The W3C traceparent of the submission. Null: it was not traced.</summary>
    public string? Traceparent { get; init; }
}

/// <summary>What changes about a workflow. Immutable value; made only by folding events (<see cref="WorkflowEvents"/>).</summary>
public sealed record WorkflowState
{
    /// <summary>The id.</summary>
    public required WorkflowId Id { get; init; }

    /// <summary>Rises by one with every decision that changed something. Zero before the submission is stored.</summary>
    public long Version { get; init; }

    /// <summary>How it ended: completed, failed, canceled or exhausted. Null: it has not.</summary>
    public WorkflowStatus? End { get; init; }

    /// <summary>The workflow that it comes from. Null: none.</summary>
    public WorkflowOrigin? Origin { get; init; }

    /// <summary>Whether someone paused it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool Paused { get; init; }

    /// <summary>Why it stopped or was paused, for a person.</summary>
    public string? Reason { get; init; }

    /// <summary>What went wrong. Null: nothing.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>The commit that holds what counted so far. Null: no workspace yet.</summary>
    public string? HeadCommit { get; init; }

    /// <summary>When it last changed.</summary>
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>When it ended. Null: it has not.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When the workflow's own timeout passes, unless it stands still. Null: it has none.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>Since when only a person can go on, so that the timeout stands still: <see cref="DeadlineAt"/> moves by that time when it goes on. Null: it runs, or there is no timeout.</summary>
    public DateTimeOffset? HaltedAt { get; init; }

    /// <summary>The stages, in the order of the definition.</summary>
    public ImmutableArray<StageState> Stages { get; init; } = [];

    /// <summary>Where it stands, derived from the rest.</summary>
    [JsonIgnore]
    public WorkflowStatus Status
    {
        get
        {
            if (End is { } end)
            {
                return end;
            }

            if (Paused)
            {
                return WorkflowStatus.Paused;
            }

            var waiting = false;
            foreach (var stage in Stages)
            {
                if (stage.Status is StageStatus.Pending or StageStatus.Verifying)
                {
                    return WorkflowStatus.Running;
                }

                waiting |= stage.Status is StageStatus.AwaitingApproval;
            }

            return waiting ? WorkflowStatus.Waiting : WorkflowStatus.Running;
        }
    }

    /// <summary>The earliest moment at which time alone changes something: a question that expires or is reminded of, or the workflow's deadline. Null: none.</summary>
    [JsonIgnore]
    public DateTimeOffset? NextTimerAt
    {
        get
        {
            if (End is not null)
            {
                return null;
            }

            // While only a person can go on, the workflow's own clock stands still.
            var next = Status is WorkflowStatus.Running ? DeadlineAt : null;
            foreach (var stage in Stages)
            {
                if (stage.Status is StageStatus.AwaitingApproval && stage.NextApprovalAt is { } due && (next is null || due < next))
                {
                    next = due;
                }
            }

            return next;
        }
    }

    /// <summary>The stage of a name. Null: there is none.</summary>
    /// <param name="name">The name.</param>
    public StageState? Find(string name)
    {
        foreach (var stage in Stages)
        {
            if (string.Equals(stage.Name, name, StringComparison.Ordinal))
            {
                return stage;
            }
        }

        return null;
    }

    /// <summary>Whether an attempt is the outstanding one of its stage: its result would count.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="attempt">The attempt.</param>
    public bool IsOutstanding(string stage, int attempt) => End is null && Find(stage) is { Status: StageStatus.Pending } found && found.Attempt == attempt;

    /// <summary>Whether an attempt claims to be done and is being checked: a verdict on it would count.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="attempt">The attempt.</param>
    public bool IsVerifying(string stage, int attempt) => End is null && Find(stage) is { Status: StageStatus.Verifying } found && found.Attempt == attempt;

    /// <summary>The state with one stage replaced.</summary>
    /// <param name="stage">The stage as it shall be.</param>
    public WorkflowState With(StageState stage)
    {
        for (var i = 0; i < Stages.Length; i++)
        {
            if (string.Equals(Stages[i].Name, stage.Name, StringComparison.Ordinal))
            {
                return this with { Stages = Stages.SetItem(i, stage) };
            }
        }

        return this;
    }
}

/// <summary>
/// Where one stage stands. <see cref="StageStatus.Running"/> never occurs here: who holds an attempt is known to its lease, not to the state machine,
/// for which an attempt is either outstanding (<see cref="StageStatus.Pending"/>) or over.
/// </summary>
public sealed record StageState
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Where it stands.</summary>
    public StageStatus Status { get; init; } = StageStatus.Blocked;

    /// <summary>The number of the current attempt, or of the last one; 0 before the first. Never falls, also not through a retry: it is the fencing number.</summary>
    public int Attempt { get; init; }

    /// <summary>How many of them were made before the last retry; they do not count against <see cref="AttemptPolicy.MaxAttempts"/>.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int AttemptsBefore { get; init; }

    /// <summary>How many iterations people granted beyond the definition's limit. Never falls.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int ExtraIterations { get; init; }

    /// <summary>The attempt whose result counted last. Null: none did.</summary>
    public int? CountedAttempt { get; init; }

    /// <summary>Failures that used up an attempt since the stage was last queued afresh.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Failures { get; init; }

    /// <summary>Failures of infrastructure and throttling, which use up nothing, since then.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Interruptions { get; init; }

    /// <summary>Leases that expired in a row: since an agent last answered for the stage.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Losses { get; init; }

    /// <summary>When the current attempt may begin. Null: at once.</summary>
    public DateTimeOffset? AvailableAt { get; init; }

    /// <summary>The last failure. Null: none.</summary>
    public StructuredError? Error { get; init; }

    /// <summary>How many questions it has asked people so far; never falls, also not through a retry.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Questions { get; init; }

    /// <summary>What it asks a person. Null: nothing.</summary>
    public ApprovalState? Approval { get; init; }

    /// <summary>The question to a person. Null: none.</summary>
    public string? ApprovalPrompt { get; init; }

    /// <summary>When the question was asked. Null: none is.</summary>
    public DateTimeOffset? ApprovalAskedAt { get; init; }

    /// <summary>When the question expires. Null: never.</summary>
    public DateTimeOffset? ApprovalExpiresAt { get; init; }

    /// <summary>What a person decided. Null: nothing yet.</summary>
    public ApprovalDecision? Decision { get; init; }

    /// <summary>The head commit when the stage was first queued: where a retry from here begins. Null: there was none.</summary>
    public string? BaseCommit { get; init; }

    /// <summary>What its current attempt claims, while that is checked. Null: nothing is.</summary>
    public StageClaim? Claim { get; init; }

    /// <summary>Whether the last claim that was checked held. Null: none was.</summary>
    public bool? Verified { get; init; }

    /// <summary>The hash of the evidence for it. Null: there is none.</summary>
    public string? Evidence { get; init; }

    /// <summary>The commit that counted. Null: none.</summary>
    public string? Commit { get; init; }

    /// <summary>Other references that its counted result moves; kept so that a crash between the two loses none.</summary>
    public ImmutableArray<ReferenceUpdate> References { get; init; } = [];

    /// <summary>When it was first queued.</summary>
    public DateTimeOffset? QueuedAt { get; init; }

    /// <summary>When it ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>When time alone changes something about its question. Null: never.</summary>
    [JsonIgnore]
    public DateTimeOffset? NextApprovalAt => Approval is { } asked ? asked.NextAt(ApprovalAskedAt, ApprovalExpiresAt) : ApprovalExpiresAt;

    /// <summary>Whether it is over for good, until a retry.</summary>
    [JsonIgnore]
    public bool IsOver => Status is StageStatus.Completed or StageStatus.Failed or StageStatus.Exhausted or StageStatus.Canceled or StageStatus.Skipped;
}

/// <summary>What an attempt claims to have done.</summary>
public sealed record StageClaim
{
    /// <summary>Who claims it.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>The commit that shall count. Null: it pushed none.</summary>
    public string? Commit { get; init; }

    /// <summary>The head commit when it was claimed, which <see cref="Commit"/> follows. Null: there was none.</summary>
    public string? Base { get; init; }

    /// <summary>Other references that shall move with it.</summary>
    public ImmutableArray<ReferenceUpdate> References { get; init; } = [];

    /// <summary>When it was claimed.</summary>
    public required DateTimeOffset At { get; init; }
}
