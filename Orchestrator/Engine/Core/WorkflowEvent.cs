using System.Text.Json.Serialization;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Something that happened to a workflow. A closed union: folding the events of a workflow in order gives its state.</summary>
public abstract record WorkflowEvent
{
    private protected WorkflowEvent()
    {
    }

    /// <summary>When. A column of its own in stores.</summary>
    [JsonIgnore]
    public DateTimeOffset At { get; init; }

    /// <summary>The stage. A column of its own in stores. Null: it concerns the workflow.</summary>
    [JsonIgnore]
    public string? Stage { get; init; }

    /// <summary>The attempt. A column of its own in stores. Null: it concerns none.</summary>
    [JsonIgnore]
    public int? Attempt { get; init; }
}

/// <summary>The workflow was accepted.</summary>
public sealed record WorkflowSubmitted : WorkflowEvent
{
    /// <summary>When its timeout passes. Null: it has none.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }

    /// <summary>The workflow that it comes from. Null: none.</summary>
    public WorkflowOrigin? Origin { get; init; }
}

/// <summary>Someone paused it.</summary>
public sealed record WorkflowPaused : WorkflowEvent
{
    /// <summary>Who.</summary>
    public string? By { get; init; }

    /// <summary>Why.</summary>
    public string? Reason { get; init; }
}

/// <summary>Someone resumed it.</summary>
public sealed record WorkflowResumed : WorkflowEvent
{
    /// <summary>Who.</summary>
    public string? By { get; init; }
}

/// <summary>Someone asked to try again; the stages are blocked again and will be queued afresh.</summary>
public sealed record WorkflowRetried : WorkflowEvent
{
    /// <summary>Who.</summary>
    public string? By { get; init; }

    /// <summary>The stages that run again.</summary>
    public required IReadOnlyList<string> Stages { get; init; }

    /// <summary>How many iterations the loops among them may use beyond what they had.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public int Iterations { get; init; }

    /// <summary>The commit to go back to. Null: there was none.</summary>
    public string? HeadCommit { get; init; }

    /// <summary>When the workflow's timeout passes now. Null: it has none.</summary>
    public DateTimeOffset? DeadlineAt { get; init; }
}

/// <summary>It ended.</summary>
public sealed record WorkflowEnded : WorkflowEvent
{
    /// <summary>How: completed, failed, canceled or exhausted.</summary>
    public required WorkflowStatus End { get; init; }

    /// <summary>Why, for a person.</summary>
    public string? Reason { get; init; }

    /// <summary>Who, when someone ended it.</summary>
    public string? By { get; init; }

    /// <summary>What went wrong. Null: nothing.</summary>
    public StructuredError? Error { get; init; }
}

/// <summary>An attempt was made and waits for an agent.</summary>
public sealed record StageQueued : WorkflowEvent
{
    /// <summary>When it may begin. Null: at once.</summary>
    public DateTimeOffset? AvailableAt { get; init; }
}

/// <summary>The attempt claims to be done, and its stage has checks: the claim is held until they were made.</summary>
public sealed record StageClaimed : WorkflowEvent
{
    /// <summary>Who claims it.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>The commit that shall count. Null: it pushed none.</summary>
    public string? Commit { get; init; }

    /// <summary>Other references that shall move with it. Null: none.</summary>
    public IReadOnlyList<ReferenceUpdate>? References { get; init; }
}

/// <summary>The checks could not be made, through no fault of the claim; they are made again later.</summary>
public sealed record VerificationDelayed : WorkflowEvent
{
    /// <summary>Why.</summary>
    public required StructuredError Error { get; init; }

    /// <summary>When they are made again.</summary>
    public required DateTimeOffset RetryAt { get; init; }
}

/// <summary>The checks were made: whether the claim holds.</summary>
public sealed record ClaimJudged : WorkflowEvent
{
    /// <summary>Whether it holds.</summary>
    public required bool Verified { get; init; }

    /// <summary>The hash of the evidence. Null: there is none.</summary>
    public string? Evidence { get; init; }
}

/// <summary>The attempt succeeded, and with it the stage.</summary>
public sealed record StageCompleted : WorkflowEvent
{
    /// <summary>Who made it.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>The commit that counts. Null: it pushed none.</summary>
    public string? Commit { get; init; }

    /// <summary>Other references that move with it. Null: none.</summary>
    public IReadOnlyList<ReferenceUpdate>? References { get; init; }
}

/// <summary>The attempt failed and another follows.</summary>
public sealed record AttemptFailed : WorkflowEvent
{
    /// <summary>Who made it.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>Why.</summary>
    public required StructuredError Error { get; init; }
}

/// <summary>The attempt is nobody's any more; another follows.</summary>
public sealed record AttemptLost : WorkflowEvent
{
    /// <summary>Why: <c>lease_expired</c> or <c>handed_back</c>.</summary>
    public required string Reason { get; init; }
}

/// <summary>The attempt asked to be made again later.</summary>
public sealed record AttemptSnoozed : WorkflowEvent
{
    /// <summary>Why.</summary>
    public string? Reason { get; init; }
}

/// <summary>The stage is over without success: failed, exhausted, canceled or skipped.</summary>
public sealed record StageEnded : WorkflowEvent
{
    /// <summary>How.</summary>
    public required StageStatus Status { get; init; }

    /// <summary>Who made the last attempt.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>Why. Null: because of another stage, or of a person.</summary>
    public StructuredError? Error { get; init; }
}

/// <summary>A person must decide.</summary>
public sealed record ApprovalRequested : WorkflowEvent
{
    /// <summary>The question.</summary>
    public required string Prompt { get; init; }

    /// <summary>The question's id. Null: it is from before questions had ids.</summary>
    public ApprovalId? Id { get; init; }

    /// <summary>What kind of effect it is about; see <see cref="EffectKinds"/>.</summary>
    public string? Kind { get; init; }

    /// <summary>The exact effect that would be executed, in canonical form.</summary>
    public JsonPayload? Effect { get; init; }

    /// <summary>SHA-256 of the effect, lower-case hexadecimal.</summary>
    public string? EffectHash { get; init; }

    /// <summary>Who may decide, and what happens when nobody does. Null: everybody who may decide at all, for ever.</summary>
    public ApprovalTerms? Terms { get; init; }

    /// <summary>When the question expires. Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether the definition's gate asks.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)]
    public bool IsGate { get; init; }

    /// <summary>The head commit that the effect is about. Null: none.</summary>
    public string? Commit { get; init; }
}

/// <summary>Nobody has decided for a while.</summary>
public sealed record ApprovalReminded : WorkflowEvent
{
    /// <summary>The question.</summary>
    public required ApprovalId Id { get; init; }

    /// <summary>Which reminder it is, from 1.</summary>
    public required int Number { get; init; }
}

/// <summary>Nobody decided in time; others may, too, from now on.</summary>
public sealed record ApprovalEscalated : WorkflowEvent
{
    /// <summary>The question.</summary>
    public required ApprovalId Id { get; init; }

    /// <summary>Who.</summary>
    public required IReadOnlyList<string> To { get; init; }

    /// <summary>When the question expires now. Null: never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>The orchestrator executed what was approved, or could not.</summary>
public sealed record EffectExecuted : WorkflowEvent
{
    /// <summary>The question.</summary>
    public required ApprovalId Id { get; init; }

    /// <summary>How it went.</summary>
    public required EffectExecution Execution { get; init; }
}

/// <summary>A person decided.</summary>
public sealed record ApprovalDecided : WorkflowEvent
{
    /// <summary>What.</summary>
    public required ApprovalDecision Decision { get; init; }
}

/// <summary>An agent took the attempt. For people: it changes no state.</summary>
public sealed record AttemptStarted : WorkflowEvent
{
    /// <summary>Who.</summary>
    public AgentId? AgentId { get; init; }
}

/// <summary>How the attempt gets on. For people: it changes no state.</summary>
public sealed record AttemptProgressed : WorkflowEvent
{
    /// <summary>What it does now.</summary>
    public string? Message { get; init; }

    /// <summary>How far it is, 0 to 100.</summary>
    public int? ProgressPercent { get; init; }

    /// <summary>The iteration of a loop, from 1.</summary>
    public int? Iteration { get; init; }
}

/// <summary>Lines of the attempt's log. For people: they change no state.</summary>
public sealed record AttemptLogged : WorkflowEvent
{
    /// <summary>The lines.</summary>
    public required IReadOnlyList<string> Lines { get; init; }
}
