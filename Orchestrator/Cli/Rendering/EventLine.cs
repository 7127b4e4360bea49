using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>An event as one line for people.</summary>
internal static class EventLine
{
    /// <summary>The line without its time, for example <c>validation#2 failed: 3 tests failed</c>.</summary>
    public static string Of(EventResource happened)
    {
        var what = What(happened);
        var details = Details(happened);
        var subject = happened switch
        {
            { Stage: null } => "workflow",
            { Attempt: > 0 } => $"{happened.Stage}#{happened.Attempt}",
            _ => happened.Stage,
        };
        return what.Length == 0 ? $"{subject} {details}" : details is null ? $"{subject} {what}" : $"{subject} {what}: {details}";
    }

    /// <summary>The lines of a log event.</summary>
    public static IEnumerable<string> LogLines(EventResource happened)
    {
        if (happened.Data?.ToElement() is { ValueKind: JsonValueKind.Object } data && data.TryGetProperty("lines", out var lines) && lines.ValueKind == JsonValueKind.Array)
        {
            foreach (var line in lines.EnumerateArray())
            {
                yield return line.ToString();
            }
        }
    }

    private static string What(EventResource happened) => happened.Type switch
    {
        "stage.progress" => "",
        "stage.queued" => "waits for an agent",
        "stage.retrying" => "failed and is tried again",
        "stage.lost" => "lost its agent and is tried again",
        "stage.snoozed" => "asked to be run again later",
        "stage.awaiting_approval" => "waits for approval",
        "stage.verifying" => "claims to be done and is checked",
        "stage.verification_delayed" => "could not be checked and is checked again",
        "stage.approval_reminded" => "still waits for approval",
        "stage.approval_escalated" => "waits for approval, also by others",
        "stage.effect_executed" => "executed what was approved",
        "workflow.exhausted" or "stage.exhausted" => "hit a limit",
        _ => happened.Type[(happened.Type.IndexOf('.', StringComparison.Ordinal) + 1)..].Replace('_', ' '),
    };

    private static string? Details(EventResource happened)
    {
        if (happened.Data is null)
        {
            return null;
        }

        var data = happened.Data.ToElement();
        var text = happened.Type switch
        {
            "stage.progress" => Progress(data),
            "stage.started" => JsonText.Find(data, "agent_id"),
            "stage.verified" or "stage.not_verified" => JsonText.Find(data, "evidence") is { } evidence ? $"evidence {evidence[..Math.Min(evidence.Length, 8)]}" : null,
            "stage.verifying" or "stage.completed" => JsonText.Find(data, "commit") is { } commit ? $"commit {commit[..Math.Min(commit.Length, 8)]}" : null,
            "stage.awaiting_approval" => JsonText.Find(data, "prompt"),
            "stage.effect_executed" => JsonText.Find(data, "execution", "message"),
            "stage.approved" or "stage.rejected" => JsonText.Find(data, "decision", "comment") ?? JsonText.Find(data, "comment"),
            _ => JsonText.Find(data, "error", "message") ?? JsonText.Find(data, "reason") ?? JsonText.Find(data, "message"),
        };
        return text is null ? null : Words.FirstLine(text, 500);
    }

    private static string? Progress(JsonElement data)
    {
        var message = JsonText.Find(data, "message");
        var iteration = JsonText.Find(data, "iteration") is { } number ? $"iteration {number}" : null;
        var percent = JsonText.Find(data, "progress_percent") is { } share ? $"{share} %" : null;
        var where = string.Join(", ", new[] { iteration, percent }.OfType<string>());
        return message is null ? (where.Length == 0 ? null : where) : where.Length == 0 ? message : $"{message} ({where})";
    }
}
