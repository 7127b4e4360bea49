using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Stack.Engine;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>The page behind a link: the exact effect, its hash, and a form. No script, nothing from elsewhere.</summary>
internal static class ApprovalPage
{
    private const string Style = """
        body{font:16px/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem;color:#1c2430;background:#fff}
        pre{background:#f3f5f8;border:1px solid #d5dbe3;border-radius:6px;padding:.8rem;overflow:auto;white-space:pre-wrap;word-break:break-word}
        dt{color:#5a6675}dd{margin:0 0 .6rem;word-break:break-word}code{word-break:break-all}
        textarea{width:100%;box-sizing:border-box;font:inherit}
        button{font:inherit;padding:.5rem 1.4rem;border-radius:6px;border:1px solid #5a6675;background:#fff;margin-right:.6rem}
        button.yes{background:#14692e;border-color:#14692e;color:#fff}
        @media (prefers-color-scheme:dark){body{color:#e6e9ee;background:#14181e}pre{background:#1d232b;border-color:#39424e}dt{color:#9aa5b3}button,textarea{background:#1d232b;color:inherit}}
        """;

    private static readonly JsonSerializerOptions s_readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The style as a content security policy names it.</summary>
    public static string StyleHash { get; } = $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(Style)))}";

    /// <summary>The page that asks.</summary>
    public static string Ask(ApprovalRecord asked, ApprovalLink link, string? change) => Page("Your decision is needed", $"""
        {Question(asked, change)}
        <form method="post">
        <input type="hidden" name="expected_hash" value="{Text(asked.Question.EffectHash)}">
        <p><label>Comment<br><textarea name="comment" rows="3" maxlength="4000"></textarea></label></p>
        <p><button class="yes" name="decision" value="approve">Approve exactly this</button><button name="decision" value="reject">Reject</button></p>
        </form>
        <p>Opening this page decides nothing. It decides once, in the name of {Text(link.CreatedBy)}, until {Time(link.ExpiresAt)}.</p>
        """);

    /// <summary>The page that tells what stands.</summary>
    public static string Over(ApprovalRecord asked, string message) => Page(message, Question(asked, ApprovalViews.Show(asked).Diff) + Decision(asked));

    /// <summary>The page of a link that leads nowhere.</summary>
    public static string Unknown() => Page("There is no such question", "<p>The link is not complete, or its workflow was removed.</p>");

    private static string Question(ApprovalRecord asked, string? change)
    {
        var shown = ApprovalViews.Show(asked);
        var lines = new StringBuilder();
        Line(lines, "Workflow", $"{asked.WorkflowName} ({asked.WorkflowId}), stage {asked.Stage}");
        Line(lines, "Kind", asked.Question.Kind);
        Line(lines, "Command", shown.Command);
        Line(lines, "Money", shown.Money is { } money ? string.Create(CultureInfo.InvariantCulture, $"${money:0.00####}") : null);
        Line(lines, "Asked", Time(asked.AskedAt));
        Line(lines, "Expires", asked.ExpiresAt is { } expiry ? Time(expiry) : null);
        var diff = string.IsNullOrEmpty(change) ? "" : $"<h2>Change</h2><pre>{Text(change)}</pre>";
        return $"""
            <p><strong>{Text(asked.Prompt)}</strong></p>
            <dl>{lines}</dl>
            {diff}<h2>Exact effect</h2><pre>{Text(JsonSerializer.Serialize(asked.Question.Effect.ToElement(), s_readable))}</pre>
            <p>SHA-256 <code>{Text(asked.Question.EffectHash)}</code></p>
            """;
    }

    private static string Decision(ApprovalRecord asked)
    {
        if (asked.Decision is not { } decision)
        {
            return "";
        }

        var lines = new StringBuilder();
        Line(lines, "Decided", $"{(decision.Approved ? "approved" : "rejected")} by {decision.DecidedBy} at {Time(decision.DecidedAt)}");
        Line(lines, "Comment", decision.Comment);
        Line(lines, "Effect as approved", decision.Amended ? $"amended, SHA-256 {decision.EffectHash}" : null);
        Line(lines, "Executed", decision.Execution?.Message);
        return $"<h2>Decision</h2><dl>{lines}</dl>";
    }

    private static void Line(StringBuilder lines, string name, string? value)
    {
        if (!string.IsNullOrEmpty(value))
        {
            lines.Append(CultureInfo.InvariantCulture, $"<dt>{name}</dt><dd>{Text(value)}</dd>");
        }
    }

    private static string Page(string title, string body) => $"""
        <!doctype html>
        <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex"><title>{Text(title)}</title><style>{Style}</style></head>
        <body><h1>{Text(title)}</h1>
        {body}
        </body></html>
        """;

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("u", CultureInfo.InvariantCulture);

    private static string Text(string text) => HtmlEncoder.Default.Encode(text);
}
