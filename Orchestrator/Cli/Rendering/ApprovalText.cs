using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>A question as people read it.</summary>
internal static class ApprovalText
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes everything about a question.</summary>
    public static void Write(Session session, ApprovalResource approval)
    {
        var output = session.Output;
        output.Line(Styles.Plain(approval.Prompt));
        Summary.Field(output, "Id", approval.Id.ToString());
        Summary.Field(output, "Status", Words.Of(approval.Status));
        Summary.Field(output, "Workflow", $"{approval.WorkflowName} {approval.WorkflowId}, stage {approval.Stage}");
        Summary.Field(output, "Asked", Time(approval.AskedAt));
        if (approval.ExpiresAt is { } expiry)
        {
            Summary.Field(output, "Expires", $"{Time(expiry)}, then: {Words.Of(approval.EscalatedAt is null ? approval.OnExpiry : ApprovalExpiry.Reject)}");
        }

        if (approval.Deciders.Count > 0)
        {
            Summary.Field(output, "Deciders", string.Join(", ", approval.Deciders));
        }

        WriteEffect(session, approval);
        if (approval.Decision is { } decision)
        {
            WriteDecision(output, decision);
        }
        else if (approval.Status is ApprovalStatus.Open)
        {
            Summary.Field(output, "Approve", session.Propose($"approve {Short(approval.Id)}"));
            Summary.Field(output, "Reject", session.Propose($"reject {Short(approval.Id)}"));
        }
    }

    /// <summary>Writes the exact effect and its hash.</summary>
    public static void WriteEffect(Session session, ApprovalResource approval)
    {
        var output = session.Output;
        if (approval.Command is { } command)
        {
            Summary.Field(output, "Command", command);
        }

        if (approval.Money is { } money)
        {
            Summary.Field(output, "Money", string.Create(CultureInfo.InvariantCulture, $"${money:0.00####}"));
        }

        if (approval.Diff is { } diff)
        {
            output.Text(diff.TrimEnd());
        }

        if (approval.Effect is { } effect)
        {
            Summary.Field(output, "Effect", approval.Kind);
            output.Text(JsonSerializer.Serialize(effect.ToElement(), Readable));
        }

        Summary.Field(output, "SHA-256", approval.EffectHash);
    }

    /// <summary>Writes what became of a question.</summary>
    public static void WriteOutcome(Session session, ApprovalResource approval)
    {
        if (session.Output.IsJson)
        {
            session.Output.Document(approval);
            return;
        }

        session.Output.Line($"{Styles.Plain(approval.Prompt)} {Styles.Apply(approval.Status is ApprovalStatus.Approved ? "green" : "red", Words.Of(approval.Status))} {Styles.Apply("grey", approval.Id.ToString())}");
        if (approval.Decision is { } decision)
        {
            WriteDecision(session.Output, decision);
        }
    }

    /// <summary>As much of an id as people need.</summary>
    public static string Short(ApprovalId id) => id.ToString()[..13];

    private static void WriteDecision(Output output, ApprovalDecision decision)
    {
        Summary.Field(output, "Decided", $"{(decision.Approved ? "approved" : "rejected")} by {decision.DecidedBy} at {Time(decision.DecidedAt)}{(decision.Amended ? ", amended" : "")}");
        if (!string.IsNullOrEmpty(decision.Comment))
        {
            Summary.Field(output, "Comment", decision.Comment);
        }

        if (decision.Execution is { } execution)
        {
            Summary.Field(output, execution.Succeeded ? "Executed" : "Failed", execution.Message);
        }
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);
}
