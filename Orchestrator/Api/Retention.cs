using System.Globalization;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Workflows that ended long ago, for people: how long they are kept, which would go, and removing them now.</summary>
internal static partial class Retention
{
    private const int MostCounted = 10_000;

    public static void MapRetention(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/retention").WithTags("Retention");
        group.MapGet("", ShowAsync).WithSummary("How long ended workflows are kept, and which would go now")
            .WithDescription($"Without 'ended_before' those that are past the period that is set. Counted up to {MostCounted}; 'more' says that there are more.")
            .Produces<RetentionResource>();
        group.MapPost("/prune", PruneAsync).Require(Scope.Admin).WithSummary("Remove workflows that ended before a time")
            .WithDescription("With their history, their budgets and their files, for good; those that ended first go first, and what has not ended stays. Ask again while 'more' is true. When no answer came, asking again does no harm.")
            .Produces<PruneResource>();
    }

    private static async Task<IResult> ShowAsync(
        string? ended_before, string? limit, IWorkflowStore store, IOptions<EngineOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var (most, asked, now) = (fields.Limit(limit), fields.Time("ended_before", ended_before), time.GetUtcNow());
        if ((fields.Problem ?? ProblemOf(asked, now)) is { } problem)
        {
            return problem;
        }

        TimeSpan? period = options.Value.RetentionPeriod > TimeSpan.Zero ? options.Value.RetentionPeriod : null;
        var before = asked ?? now - period;
        var ids = before is { } past ? await store.PruneAsync(past, MostCounted + 1, dryRun: true, cancellationToken) : [];
        return TypedResults.Ok(new RetentionResource
        {
            Period = period,
            Interval = period is null ? null : options.Value.RetentionInterval,
            EndedBefore = before?.ToUniversalTime(),
            Count = Math.Min(ids.Count, MostCounted),
            More = ids.Count > MostCounted,
            Workflows = await DescribeAsync([.. ids.Take(most)], store, cancellationToken),
        });
    }

    private static async Task<IReadOnlyList<EndedWorkflow>> DescribeAsync(IReadOnlyList<WorkflowId> ids, IWorkflowStore store, CancellationToken cancellationToken)
    {
        var found = (await store.LoadAsync(ids, cancellationToken)).ToDictionary(workflow => workflow.Header.Id);

        // One that was removed or retried meanwhile would not go any more.
        return
        [
            .. from id in ids
               let workflow = found.GetValueOrDefault(id)
               let ended = workflow?.State.EndedAt
               where ended is not null
               select new EndedWorkflow(id, workflow!.Header.Name, workflow.State.Status, ended.Value),
        ];
    }

    private static async Task<IResult> PruneAsync(
        HttpContext context,
        PruneRequest request,
        IWorkflowStore store,
        WorkflowRemover remover,
        TimeProvider time,
        IHostApplicationLifetime lifetime,
        ILogger<WorkflowRemover> logger,
        CancellationToken cancellationToken)
    {
        if (request.EndedBefore is not { } before)
        {
            return Problem.Of(ProblemTypes.InvalidRequest, "ended_before: it is missing.", "Write a time that has passed, for example 2026-01-31T12:00:00Z; GET /api/v1/retention says which one the period gives that is set.");
        }

        if ((ProblemOf(before, time.GetUtcNow()) ?? ProblemOf(request.Limit)) is { } problem)
        {
            return problem;
        }

        if (request.DryRun)
        {
            var would = await store.PruneAsync(before, request.Limit + 1, dryRun: true, cancellationToken);
            return TypedResults.Ok(Answer(request, before, [.. would.Take(request.Limit)], would.Count > request.Limit));
        }

        var gone = new List<WorkflowId>();
        try
        {
            // Whoever leaves ends it between two steps, not within one.
            while (gone.Count < request.Limit && await remover.RemoveAsync(before, request.Limit - gone.Count, lifetime.ApplicationStopping) is { Count: > 0 } piece)
            {
                gone.AddRange(piece);
                cancellationToken.ThrowIfCancellationRequested();
            }
        }
        finally
        {
            if (gone.Count > 0)
            {
                LogPruned(logger, gone.Count, before, Caller.Of(context).Name);
            }
        }

        return TypedResults.Ok(Answer(request, before, gone, gone.Count == request.Limit && await store.PruneAsync(before, 1, dryRun: true, cancellationToken) is [_]));
    }

    private static PruneResource Answer(PruneRequest request, DateTimeOffset before, List<WorkflowId> ids, bool more) =>
        new() { EndedBefore = before.ToUniversalTime(), DryRun = request.DryRun, Count = ids.Count, More = more, WorkflowIds = ids };

    private static Problem? ProblemOf(DateTimeOffset? before, DateTimeOffset now) => before > now
        ? Problem.Of(ProblemTypes.InvalidRequest, string.Create(CultureInfo.InvariantCulture, $"ended_before: {before:O} lies in the future; here it is {now:O}."), "Write a time that has passed.")
        : null;

    private static Problem? ProblemOf(int limit) => limit is < 1 or > PruneRequest.MaxLimit
        ? Problem.Of(ProblemTypes.InvalidRequest, string.Create(CultureInfo.InvariantCulture, $"limit: {limit} is not a number from 1 to {PruneRequest.MaxLimit}."), "Ask again while 'more' is true.")
        : null;

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} workflows that ended before {EndedBefore}, for {Caller}")]
    private static partial void LogPruned(ILogger logger, int count, DateTimeOffset endedBefore, string caller);
}
