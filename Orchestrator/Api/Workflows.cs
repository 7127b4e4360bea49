using Microsoft.AspNetCore.Mvc;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Approvals;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Workflows: submit, list, show.</summary>
internal static class Workflows
{
    private const string Replayed = "Idempotency-Replayed";

    public static void MapWorkflows(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/workflows").WithTags("Workflows");
        group.MapPost("", SubmitAsync).Require(Scope.Write).WithSummary("Submit a workflow")
            .WithDescription("Answers when the workflow is durable. With an Idempotency-Key, the same request answers 200 with the workflow that it made before.")
            .Produces<WorkflowResource>(StatusCodes.Status201Created).Produces<WorkflowResource>();
        group.MapGet("", ListAsync).WithSummary("List workflows, newest first").Produces<WorkflowList>();
        group.MapGet("/{id}", ShowAsync).WithSummary("Show a workflow with its stages and outputs").Produces<WorkflowResource>();
        group.MapGet("/{id}/outputs/{stage}", OutputAsync).WithSummary("The output of a completed stage").Produces<JsonPayload>();
    }

    /// <summary>The answer to an id that belongs to no workflow.</summary>
    public static Problem Unknown(string id) => Problem.NotFound("workflow", id, "GET /api/v1/workflows lists the workflows.");

    private static async Task<IResult> SubmitAsync(
        HttpContext context,
        SubmitWorkflowRequest request,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        WorkflowEngine engine,
        WorkflowViews views,
        DefinitionCatalog catalog,
        EffectCheck check,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (submission, problem) = await Submission.MakeAsync(request, idempotencyKey, Caller.Of(context).Name, catalog, time, cancellationToken);
        if (submission is null)
        {
            return problem!;
        }

        if (submission.Definition.Stages.Any(stage => stage.Approval is { Effect: GateEffect.Input }) && await ProblemsOfEffectAsync(submission.Header.Input, check, cancellationToken) is { Count: > 0 } wrong)
        {
            return Problem.Invalid(wrong);
        }

        switch (await engine.SubmitAsync(submission, cancellationToken))
        {
            case SubmitOutcome.Accepted accepted:
                Tag(context, accepted.Workflow);
                return TypedResults.Created($"/api/v1/workflows/{submission.Header.Id}", WorkflowViews.ShowNew(accepted.Workflow, submission.Definition));
            case SubmitOutcome.Replayed replayed:
                Tag(context, replayed.Workflow);
                context.Response.Headers[Replayed] = "true";
                context.Response.Headers.Location = $"/api/v1/workflows/{replayed.Workflow.Header.Id}";
                return TypedResults.Ok(await views.ShowAsync(replayed.Workflow, cancellationToken));
            case SubmitOutcome.KeyMismatch mismatch:
                return Problem.Of(ProblemTypes.IdempotencyMismatch, $"Idempotency-Key '{idempotencyKey}' was used with another request, which made workflow {mismatch.WorkflowId}.", "Use a new key for a new request.");
            case SubmitOutcome.Overloaded overloaded:
                return Problem.Later(ProblemTypes.Overloaded, "Too many workflows wait to be stored. Nothing was stored; try again.", overloaded.RetryAfter);
            default:
                throw new InvalidOperationException("An outcome of a submission that is not known.");
        }
    }

    // Nobody is asked about what could not be executed.
    private static async Task<IReadOnlyList<string>> ProblemsOfEffectAsync(JsonPayload? input, EffectCheck check, CancellationToken cancellationToken)
    {
        var kind = input is null ? EffectKinds.Other : EffectKinds.Of(input);
        return EffectKinds.IsOrchestrators(kind)
            ? await check.ProblemsAsync(kind, input!, cancellationToken)
            : [$"input.kind: it is '{kind}'. The definition executes its input, so that it must be an effect of the kind {EffectKinds.BudgetIncrease} or {EffectKinds.Plan}."];
    }

    private static async Task<IResult> ListAsync(
        string? status, string? type, string? priority, string? definition, string? limit, string? cursor, IWorkflowStore store, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var size = fields.Limit(limit);
        var query = new WorkflowQuery
        {
            Status = fields.Choice<WorkflowStatus>("status", status),
            Type = type,
            Priority = fields.Choice<Priority>("priority", priority),
            Definition = definition,
            Before = fields.Cursor<WorkflowId>(cursor),
            Limit = size + 1,
        };
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        var found = await store.ListAsync(query, cancellationToken);
        return TypedResults.Ok(new WorkflowList
        {
            Workflows = [.. found.Take(size).Select(WorkflowViews.Summarize)],
            NextCursor = found.Count > size ? found[size - 1].Header.Id.ToString() : null,
        });
    }

    private static async Task<IResult> ShowAsync(HttpContext context, string id, WorkflowViews views, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || await views.FindAsync(workflowId, cancellationToken) is not { } workflow)
        {
            return Unknown(id);
        }

        context.Response.Headers.ETag = $"\"{workflow.Version}\"";
        return TypedResults.Ok(workflow);
    }

    private static async Task<IResult> OutputAsync(string id, string stage, IWorkflowStore store, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId) || (await store.LoadAsync([workflowId], cancellationToken)).Count == 0)
        {
            return Unknown(id);
        }

        return (await store.LoadOutputsAsync(workflowId, cancellationToken)).TryGetValue(stage, out var output)
            ? new RawJson(output)
            : Problem.NotFound("output of stage", stage, "Stages have an output when they completed with one.");
    }

    private static void Tag(HttpContext context, StoredWorkflow workflow) => context.Response.Headers.ETag = $"\"{workflow.State.Version}\"";
}
