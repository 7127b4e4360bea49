using System.Security.Cryptography;
using System.Text;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Approvals;

/// <summary>The inbox: questions to people, whoever asks them.</summary>
internal static class ApprovalsApi
{
    private static readonly TimeSpan s_longestLink = TimeSpan.FromDays(30);

    public static void MapApprovals(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/approvals").WithTags("Approvals");
        group.MapGet("", ListAsync).WithSummary("List questions to people, newest first").Produces<ApprovalList>()
            .WithDescription("'status' is open (the default), approved, rejected, expired, canceled, superseded or all; 'workflow' is the id of one.");
        group.MapGet("/{id}", ShowAsync).WithSummary("Show a question with the exact effect that yes executes").Produces<ApprovalResource>();
        group.MapPost("/{id}/decision", DecideAsync).Require(Scope.Write).WithSummary("Decide a question").Produces<ApprovalResource>()
            .WithDescription("Yes executes exactly the effect whose hash is expected_hash, once, however often it is said. The same decision again answers 200; another one, or one about an effect that is not what was seen, 409 with what is so now.");
        group.MapPost("/{id}/links", LinkAsync).Require(Scope.Write).WithSummary("Make a link that decides a question once")
            .Produces<ApprovalLinkResource>(StatusCodes.Status201Created)
            .WithDescription("Whoever has it decides in the name of the one who made it. Opening it shows the effect and decides nothing.");
    }

    /// <summary>The answer to an id that belongs to no question.</summary>
    public static Problem Unknown(string id) => Problem.NotFound("approval", id, "GET /api/v1/approvals lists those that are open.");

    /// <summary>Who decides by a request.</summary>
    public static ApprovalPerson PersonOf(HttpContext context)
    {
        var caller = Caller.Of(context);
        if (!context.RequestServices.GetRequiredService<ApiKeys>().Any)
        {
            return new ApprovalPerson(caller.Name, null);
        }

        List<string> roles = [caller.Name];
        foreach (var (scope, word) in new[] { (Scope.Write, "write"), (Scope.Admin, "admin") })
        {
            if (caller.May(scope))
            {
                roles.Add(word);
            }
        }

        return new ApprovalPerson(caller.Name, roles);
    }

    private static async Task<IResult> ListAsync(string? status, string? workflow, string? limit, string? cursor, ApprovalInbox inbox, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var size = fields.Limit(limit);
        var query = new ApprovalQuery
        {
            Status = status is "all" ? null : status is null ? ApprovalStatus.Open : fields.Choice<ApprovalStatus>("status", status),
            WorkflowId = fields.Id<WorkflowId>("workflow", workflow),
            Before = fields.Cursor<ApprovalId>(cursor),
            Limit = size + 1,
        };
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        var found = await inbox.ListAsync(query, cancellationToken);
        return TypedResults.Ok(new ApprovalList
        {
            Approvals = [.. found.Take(size).Select(approval => ApprovalViews.Show(approval) with { Effect = null, Diff = null, Decision = approval.Decision is { } decision ? decision with { Effect = null } : null })],
            NextCursor = found.Count > size ? found[size - 1].Id.ToString() : null,
        });
    }

    private static async Task<IResult> ShowAsync(string id, ApprovalInbox inbox, WorkspaceFiles files, CancellationToken cancellationToken) =>
        ApprovalId.TryParse(id, null, out var approvalId) && await inbox.FindAsync(approvalId, cancellationToken) is { } approval
            ? TypedResults.Ok(await ApprovalViews.ShowAsync(approval, files, cancellationToken))
            : Unknown(id);

    private static async Task<IResult> DecideAsync(HttpContext context, string id, ApprovalDecisionRequest request, ApprovalInbox inbox, EffectCheck check, CancellationToken cancellationToken)
    {
        if (!ApprovalId.TryParse(id, null, out var approvalId) || await inbox.FindAsync(approvalId, cancellationToken) is not { } asked)
        {
            return Unknown(id);
        }

        if (await CheckAsync(asked, request, check, cancellationToken) is { } problem)
        {
            return problem;
        }

        var approved = request.Decision is not DecisionKind.Reject;
        var amended = request.Decision is DecisionKind.Amend ? request.Effect : null;
        return await inbox.DecideAsync(approvalId, approved, PersonOf(context), request.ExpectedHash, amended, request.Comment, cancellationToken) switch
        {
            ApprovalOutcome.Decided decided => TypedResults.Ok(ApprovalViews.Show(decided.Approval)),
            ApprovalOutcome.Stale stale => Problem.Of(ProblemTypes.Conflict, stale.Message).With(ApprovalViews.Show(stale.Approval)),
            ApprovalOutcome.Forbidden forbidden => Problem.Of(ProblemTypes.Forbidden, forbidden.Message),
            _ => Unknown(id),
        };
    }

    private static async Task<Problem?> CheckAsync(ApprovalRecord asked, ApprovalDecisionRequest request, EffectCheck check, CancellationToken cancellationToken)
    {
        var problems = new List<string>();
        if (request.Comment is { Length: > 4000 })
        {
            problems.Add("comment: it is longer than 4000 characters.");
        }

        if (request.Decision is not DecisionKind.Reject && string.IsNullOrEmpty(request.ExpectedHash))
        {
            problems.Add($"expected_hash: it is missing. Send the effect_hash that you saw, so that nothing else is executed; it is {asked.Question.EffectHash} now.");
        }

        if (request.Decision is DecisionKind.Amend != request.Effect is not null)
        {
            problems.Add(request.Effect is null ? "effect: it is missing. Send the effect to execute instead." : "effect: only an amendment has one. Send \"decision\": \"amend\".");
        }

        if (request.Effect is { SizeBytes: > EffectKinds.MaxBytes })
        {
            problems.Add($"effect: it is larger than {EffectKinds.MaxBytes} bytes.");
        }

        if (problems.Count == 0 && request.Effect is { } effect)
        {
            problems.AddRange(await check.ProblemsAsync(asked.Question.Kind, effect, cancellationToken));
        }

        return problems.Count > 0 ? Problem.Invalid(problems) : null;
    }

    private static async Task<IResult> LinkAsync(HttpContext context, string id, ApprovalLinkRequest? request, ApprovalInbox inbox, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!ApprovalId.TryParse(id, null, out var approvalId) || await inbox.FindAsync(approvalId, cancellationToken) is not { } asked)
        {
            return Unknown(id);
        }

        var lasts = request?.ExpiresAfter ?? TimeSpan.FromDays(1);
        if (lasts <= TimeSpan.Zero || lasts > s_longestLink)
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"expires_after: '{DurationText.Format(lasts)}' is no time for a link.", "Write between 1s and 30d.");
        }

        var person = PersonOf(context);
        if (asked.Status is not ApprovalStatus.Open)
        {
            return Problem.Of(ProblemTypes.Conflict, $"The question is {StatusNames.Of(asked.Status)}; there is nothing to decide.").With(ApprovalViews.Show(asked));
        }

        if (!asked.Question.MayDecide(person.Roles))
        {
            return Problem.Of(ProblemTypes.Forbidden, $"'{person.Name}' may not decide this; {string.Join(", ", asked.Question.Deciders)} may.");
        }

        var token = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32));
        var expiry = time.GetUtcNow() + lasts;
        var link = new ApprovalLink { TokenHash = HashOf(token), ApprovalId = approvalId, CreatedBy = person.Name, Roles = person.Roles, ExpiresAt = asked.ExpiresAt < expiry ? asked.ExpiresAt.Value : expiry };
        if (!await inbox.AddLinkAsync(link, cancellationToken))
        {
            return Unknown(id);
        }

        var url = new Uri($"{context.Request.Scheme}://{context.Request.Host}{ApprovalLinks.Path}/{approvalId}?token={token}");
        return TypedResults.Created(url, new ApprovalLinkResource(approvalId, url, link.ExpiresAt));
    }

    /// <summary>The hash under which a link is kept.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
