using Microsoft.AspNetCore.Http.HttpResults;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>
/// Links that decide one question once. Opening one, as a mail client may do by itself, only shows the effect; a form decides. The token is the permission: whoever has it needs no key, and
/// only its hash is kept.
/// </summary>
internal static class ApprovalLinks
{
    public const string Path = "/approve";

    public static void MapApprovalLinks(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup(Path).WithTags("Approvals").AllowAnonymous();
        group.MapGet("/{id}", ShowAsync).WithSummary("Show the effect that a link decides about").Produces<string>(contentType: "text/html");
        group.MapPost("/{id}", DecideAsync).WithSummary("Decide with a link").LimitBody(16 * 1024).DisableAntiforgery().Produces<string>(contentType: "text/html")
            .WithDescription("A form with 'decision' (approve or reject), 'expected_hash' and 'comment'. The token of the link stands in the address.");
    }

    private static async Task<IResult> ShowAsync(HttpContext context, string id, string? token, ApprovalInbox inbox, WorkspaceFiles files, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, token, inbox, cancellationToken) is not var (link, asked))
        {
            return Page(context, StatusCodes.Status404NotFound, ApprovalPage.Unknown());
        }

        if (asked.Status is not ApprovalStatus.Open)
        {
            return Page(context, StatusCodes.Status200OK, ApprovalPage.Over(asked, $"This question is {StatusNames.Of(asked.Status)}."));
        }

        return link.ExpiresAt <= time.GetUtcNow()
            ? Page(context, StatusCodes.Status410Gone, ApprovalPage.Over(asked, $"This link worked until {link.ExpiresAt.UtcDateTime:u}. The question is still open: ask for another link."))
            : Page(context, StatusCodes.Status200OK, ApprovalPage.Ask(asked, link, (await ApprovalViews.ShowAsync(asked, files, cancellationToken)).Diff));
    }

    private static async Task<IResult> DecideAsync(HttpContext context, string id, string? token, ApprovalInbox inbox, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, token, inbox, cancellationToken) is not var (link, asked))
        {
            return Page(context, StatusCodes.Status404NotFound, ApprovalPage.Unknown());
        }

        if (asked.Status is ApprovalStatus.Open && link.ExpiresAt <= time.GetUtcNow())
        {
            return Page(context, StatusCodes.Status410Gone, ApprovalPage.Over(asked, $"This link worked until {link.ExpiresAt.UtcDateTime:u}. The question is still open: ask for another link."));
        }

        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync(cancellationToken) : FormCollection.Empty;
        var (decision, hash, comment) = (form["decision"].ToString(), form["expected_hash"].ToString(), form["comment"].ToString());
        if (decision is not ("approve" or "reject") || hash.Length == 0)
        {
            return Page(context, StatusCodes.Status400BadRequest, ApprovalPage.Over(asked, "The form has no decision. Open the link and use its buttons."));
        }

        var person = new ApprovalPerson($"{link.CreatedBy} (link)", link.Roles);
        var outcome = await inbox.DecideAsync(asked.Id, decision == "approve", person, hash, amended: null, comment.Length == 0 ? null : comment[..Math.Min(comment.Length, 4000)], cancellationToken);
        return outcome switch
        {
            ApprovalOutcome.Decided decided => Page(context, StatusCodes.Status200OK, ApprovalPage.Over(decided.Approval, decision == "approve" ? "Approved." : "Rejected.")),
            ApprovalOutcome.Stale stale => Page(context, StatusCodes.Status409Conflict, ApprovalPage.Over(stale.Approval, stale.Message)),
            ApprovalOutcome.Forbidden forbidden => Page(context, StatusCodes.Status403Forbidden, ApprovalPage.Over(forbidden.Approval, forbidden.Message)),
            _ => Page(context, StatusCodes.Status404NotFound, ApprovalPage.Unknown()),
        };
    }

    private static async Task<(ApprovalLink Link, ApprovalRecord Asked)?> FindAsync(string id, string? token, ApprovalInbox inbox, CancellationToken cancellationToken) =>
        ApprovalId.TryParse(id, null, out var approvalId)
        && token is { Length: 64 }
        && await inbox.FindLinkAsync(ApprovalsApi.HashOf(token), cancellationToken) is { } link
        && link.ApprovalId == approvalId
        && await inbox.FindAsync(approvalId, cancellationToken) is { } asked
            ? (link, asked)
            : null;

    // The address is a secret: nobody keeps the page, and no other page learns where the person came from.
    private static ContentHttpResult Page(HttpContext context, int status, string html)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = $"default-src 'none'; style-src '{ApprovalPage.StyleHash}'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";
        headers["X-Robots-Tag"] = "noindex";
        return TypedResults.Content(html, "text/html; charset=utf-8", statusCode: status);
    }
}
