using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The stages of a workflow, one line each.</summary>
internal static class StageTable
{
    public static ResultTable Of(WorkflowResource workflow, TimeProvider time)
    {
        var table = new ResultTable("STAGE", "STATUS", "ATTEMPT", "ITERATION", "ELAPSED", "TOKENS", "COST", "MESSAGE");
        foreach (var stage in workflow.Stages ?? [])
        {
            table.Add(
                stage.Name,
                new Cell(Words.Of(stage.Status), Styles.Of(stage.Status)),
                stage.Attempt == 0 ? "" : $"{stage.Attempt}",
                stage.Iteration is null ? "" : $"{stage.Iteration}",
                Elapsed(stage, time),
                stage.Usage is { TotalTokens: > 0 and var tokens } ? $"{tokens}" : "",
                stage.Usage is { ApiCalls: > 0, Cost: var cost } ? string.Create(CultureInfo.InvariantCulture, $"${cost:0.00####}") : "",
                Words.FirstLine(Marked(stage, Message(stage, time)), 200));
        }

        return table;
    }

    // Whose word stands behind the status: the checks', or only the agent's.
    private static string Marked(StageResource stage, string message) => stage switch
    {
        { Status: StageStatus.Completed, Verified: true } => "verified",
        { Status: StageStatus.Pending or StageStatus.Running, Verified: false } => $"last claim not verified; {message}",
        _ => message,
    };

    private static string Elapsed(StageResource stage, TimeProvider time) => stage switch
    {
        { StartedAt: { } start, CompletedAt: { } end } => Words.Of(end - start),
        { StartedAt: { } start, Status: StageStatus.Running or StageStatus.Pending or StageStatus.Verifying } => Words.Of(time.GetUtcNow() - start),
        _ => "",
    };

    private static string Message(StageResource stage, TimeProvider time) => stage.Status switch
    {
        StageStatus.AwaitingApproval => stage.ApprovalPrompt ?? "May this stage start?",
        StageStatus.Failed or StageStatus.Exhausted => stage.Error?.Message ?? stage.Message ?? "",
        StageStatus.Pending when stage.NextAttemptAt is { } next && next > time.GetUtcNow() => $"tries again in {Words.Of(next - time.GetUtcNow())}{Why(stage)}",
        StageStatus.Verifying when stage.NextAttemptAt is { } next && next > time.GetUtcNow() => $"is checked again in {Words.Of(next - time.GetUtcNow())}{Why(stage)}",
        StageStatus.Verifying => stage.Message?.StartsWith("check ", StringComparison.Ordinal) is true ? stage.Message : "its claim waits for its checks",
        StageStatus.Pending => $"waits for an agent of type {stage.Agent}",
        StageStatus.Blocked => stage.Needs.Count == 0 ? "" : $"needs {string.Join(", ", stage.Needs)}",
        StageStatus.Running when stage.ProgressPercent is { } percent => $"{stage.Message} ({percent} %)".TrimStart(),
        _ => stage.Message ?? "",
    };

    private static string Why(StageResource stage) => stage.Error is null ? "" : $": {stage.Error.Message}";
}
