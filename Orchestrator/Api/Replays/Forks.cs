using System.Diagnostics;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;
using Stack.Orchestrator.Workspaces;

namespace Stack.Orchestrator.Api.Replays;

/// <summary><c>POST /api/v1/workflows/{id}/fork</c>: a new workflow that takes over what another one made up to a stage, and goes its own way from there.</summary>
internal sealed class Forks(IWorkflowStore store, WorkflowEngine engine, DefinitionCatalog catalog, WorkspaceCopy workspaces, ProviderDirectory models, TimeProvider time)
{
    private const int MaxName = 200;

    public static Task<IResult> ForkAsync(HttpContext context, string id, ForkRequest? request, Forks forks, CancellationToken cancellationToken) =>
        forks.ForkAsync(id, request ?? new ForkRequest(), Caller.Of(context).Name, cancellationToken);

    private async Task<IResult> ForkAsync(string id, ForkRequest request, string by, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var sourceId) || await store.LoadAsync([sourceId], cancellationToken) is not [var source])
        {
            return Workflows.Unknown(id);
        }

        if (await CheckAsync(request, cancellationToken) is { } problem)
        {
            return problem;
        }

        var definition = await catalog.PinnedAsync(source.Header.DefinitionVersion, cancellationToken);
        var outputs = await store.LoadOutputsAsync(sourceId, cancellationToken);
        var (takeovers, refusal) = ForkPlan.Of(definition, source.State, outputs, request.FromStage!);
        if (refusal is not null)
        {
            return source.State.Find(request.FromStage!) is null ? Problem.Of(ProblemTypes.InvalidRequest, $"from_stage: {refusal}") : Problem.Of(ProblemTypes.Conflict, refusal);
        }

        var submission = new WorkflowSubmission
        {
            Header = source.Header with
            {
                Id = WorkflowId.New(time),
                Name = string.IsNullOrWhiteSpace(request.Name) ? source.Header.Name : request.Name.Trim(),
                CreatedBy = by,
                CreatedAt = time.GetUtcNow(),
                Traceparent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.Id : null,
            },
            Definition = definition,
            Origin = new WorkflowOrigin { Kind = WorkflowOriginKind.Fork, Of = sourceId, FromStage = request.FromStage, Model = request.Model, TakenOver = [.. takeovers.Select(takeover => takeover.Stage)] },
            Takeovers = takeovers,
        };
        return await SubmitAsync(submission, cancellationToken);
    }

    /// <summary>Copies what the workflow takes over, and submits it. Whatever goes wrong leaves nothing.</summary>
    public async Task<IResult> SubmitAsync(WorkflowSubmission submission, CancellationToken cancellationToken)
    {
        var (id, of) = (submission.Header.Id, submission.Origin!.Of);
        var commits = submission.Takeovers.SelectMany(takeover => takeover.References.Select(reference => reference.Commit).Append(takeover.Commit)).OfType<string>().ToHashSet(StringComparer.Ordinal);
        if (commits.Count > 0 && !await workspaces.CopyAsync(of, id, commits, cancellationToken))
        {
            return Problem.Of(ProblemTypes.Conflict, $"The repository of workflow {of} does not have the commits that would be taken over.", "Run the workflow again instead.");
        }

        var isAccepted = false;
        try
        {
            switch (await engine.SubmitAsync(submission, cancellationToken))
            {
                case SubmitOutcome.Accepted accepted:
                    isAccepted = true;
                    return TypedResults.Created($"/api/v1/workflows/{id}", WorkflowViews.ShowNew(accepted.Workflow, submission.Definition));
                case SubmitOutcome.Overloaded overloaded:
                    return Problem.Later(ProblemTypes.Overloaded, "Too many workflows wait to be stored. Nothing was stored; try again.", overloaded.RetryAfter);
                default:
                    throw new InvalidOperationException("An outcome of a submission without an idempotency key that is not known.");
            }
        }
        catch (Exception away) when (away is StoreUnavailableException or OperationCanceledException)
        {
            // It may have been stored all the same.
            isAccepted = true;
            throw;
        }
        finally
        {
            if (!isAccepted)
            {
                workspaces.Forget(id);
            }
        }
    }

    private async Task<Problem?> CheckAsync(ForkRequest request, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.FromStage))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, "from_stage: it is missing.", "Name the stage from which on everything is to be made again.");
        }

        if (request.Name is { } name && (name.Trim().Length > MaxName || name.Any(char.IsControl)))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"name: write one line of at most {MaxName} characters.");
        }

        try
        {
            _ = request.Model is null ? null : await models.FindAsync(request.Model, cancellationToken);
            return null;
        }
        catch (ModelFailure failure)
        {
            return Problem.Of(ProblemTypes.InvalidRequest, StatusCodes.Status422UnprocessableEntity, $"model: {failure.Message}");
        }
    }
}
