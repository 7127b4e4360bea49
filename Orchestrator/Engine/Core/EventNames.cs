using System.Text.Json;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The names under which events are stored and shown, and their way into bytes and back.</summary>
public static class EventNames
{
    private static readonly Dictionary<string, Type> Types = new(StringComparer.Ordinal)
    {
        ["workflow.submitted"] = typeof(WorkflowSubmitted),
        ["workflow.paused"] = typeof(WorkflowPaused),
        ["workflow.resumed"] = typeof(WorkflowResumed),
        ["workflow.retried"] = typeof(WorkflowRetried),
        ["workflow.completed"] = typeof(WorkflowEnded),
        ["workflow.failed"] = typeof(WorkflowEnded),
        ["workflow.canceled"] = typeof(WorkflowEnded),
        ["workflow.exhausted"] = typeof(WorkflowEnded),
        ["stage.queued"] = typeof(StageQueued),
        ["stage.started"] = typeof(AttemptStarted),
        ["stage.progress"] = typeof(AttemptProgressed),
        ["stage.log"] = typeof(AttemptLogged),
        ["stage.verifying"] = typeof(StageClaimed),
        ["stage.verification_delayed"] = typeof(VerificationDelayed),
        ["stage.verified"] = typeof(ClaimJudged),
        ["stage.not_verified"] = typeof(ClaimJudged),
        ["stage.completed"] = typeof(StageCompleted),
        ["stage.retrying"] = typeof(AttemptFailed),
        ["stage.lost"] = typeof(AttemptLost),
        ["stage.snoozed"] = typeof(AttemptSnoozed),
        ["stage.failed"] = typeof(StageEnded),
        ["stage.exhausted"] = typeof(StageEnded),
        ["stage.canceled"] = typeof(StageEnded),
        ["stage.skipped"] = typeof(StageEnded),
        ["stage.awaiting_approval"] = typeof(ApprovalRequested),
        ["stage.approved"] = typeof(ApprovalDecided),
        ["stage.rejected"] = typeof(ApprovalDecided),
        ["stage.approval_reminded"] = typeof(ApprovalReminded),
        ["stage.approval_escalated"] = typeof(ApprovalEscalated),
        ["stage.effect_executed"] = typeof(EffectExecuted),
    };

    /// <summary>All of them.</summary>
    public static IReadOnlyCollection<string> All => Types.Keys;

    /// <summary>The stored name of an event.</summary>
    /// <param name="happened">The event.</param>
    public static string Of(WorkflowEvent happened) => happened switch
    {
        WorkflowSubmitted => "workflow.submitted",
        WorkflowPaused => "workflow.paused",
        WorkflowResumed => "workflow.resumed",
        WorkflowRetried => "workflow.retried",
        WorkflowEnded ended => ended.End switch
        {
            WorkflowStatus.Completed => "workflow.completed",
            WorkflowStatus.Canceled => "workflow.canceled",
            WorkflowStatus.Exhausted => "workflow.exhausted",
            _ => "workflow.failed",
        },
        StageQueued => "stage.queued",
        AttemptStarted => "stage.started",
        AttemptProgressed => "stage.progress",
        AttemptLogged => "stage.log",
        StageClaimed => "stage.verifying",
        VerificationDelayed => "stage.verification_delayed",
        ClaimJudged judged => judged.Verified ? "stage.verified" : "stage.not_verified",
        StageCompleted => "stage.completed",
        AttemptFailed => "stage.retrying",
        AttemptLost => "stage.lost",
        AttemptSnoozed => "stage.snoozed",
        StageEnded ended => ended.Status switch
        {
            StageStatus.Exhausted => "stage.exhausted",
            StageStatus.Canceled => "stage.canceled",
            StageStatus.Skipped => "stage.skipped",
            _ => "stage.failed",
        },
        ApprovalRequested => "stage.awaiting_approval",
        ApprovalDecided decided => decided.Decision.Approved ? "stage.approved" : "stage.rejected",
        ApprovalReminded => "stage.approval_reminded",
        ApprovalEscalated => "stage.approval_escalated",
        EffectExecuted => "stage.effect_executed",
        _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.GetType().Name, "An event without a name."),
    };

    /// <summary>The event's data as JSON, without what has columns of its own.</summary>
    /// <param name="happened">The event.</param>
    public static byte[] Serialize(WorkflowEvent happened) =>
        JsonSerializer.SerializeToUtf8Bytes(happened, happened.GetType(), StackJson.Options);

    /// <summary>The event of a stored row.</summary>
    /// <param name="name">The stored name.</param>
    /// <param name="data">The stored data.</param>
    /// <param name="at">When.</param>
    /// <param name="stage">The stage, or null.</param>
    /// <param name="attempt">The attempt, or null.</param>
    public static WorkflowEvent Deserialize(string name, ReadOnlySpan<byte> data, DateTimeOffset at, string? stage, int? attempt)
    {
        var happened = (WorkflowEvent)JsonSerializer.Deserialize(data, Types[name], StackJson.Options)!;
        return happened with { At = at, Stage = stage, Attempt = attempt };
    }

    /// <summary>Whether an event of this name ends its workflow.</summary>
    /// <param name="name">The stored name.</param>
    public static bool IsTerminal(string name) => name.StartsWith("workflow.", StringComparison.Ordinal) && Types.TryGetValue(name, out var type) && type == typeof(WorkflowEnded);
}
