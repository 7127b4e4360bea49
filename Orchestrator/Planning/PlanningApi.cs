using Microsoft.AspNetCore.Mvc;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Approvals;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Planning;

/// <summary>Requests that become plans: <c>/api/v1/request</c>. A plan runs when a person approved it.</summary>
internal static class PlanningApi
{
    private const string AskingDefinition = "effect";

    public static void AddPlanning(this IServiceCollection services)
    {
        services.AddSingleton<PlanCheck>();
        services.AddSingleton<PlanRun>();
        services.AddSingleton<PlanHistory>();
        services.AddSingleton<Planner>();
    }

    public static void MapPlanning(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/request").WithTags("Planning");
        group.MapPost("", PlanAsync).Require(Scope.Write).WithSummary("Turn a request into a plan, and ask a person about it").Produces<PlanResource>(StatusCodes.Status201Created)
            .WithDescription("A model of the gateway plans, or rules when there is none; the answer says which. A plan that is still not valid after three repairs is refused with everything that is wrong. Nothing runs before the approval.");
        group.MapGet("/{id}", ShowAsync).WithSummary("Show a plan, the question about it, and the workflow that carries it out").Produces<PlanResource>();
    }

    private static async Task<IResult> PlanAsync(
        HttpContext context,
        PlanRequest request,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        Planner planner,
        WorkflowEngine engine,
        ApprovalInbox inbox,
        DefinitionCatalog catalog,
        IWorkflowStore store,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (Check(request) is { Count: > 0 } wrong)
        {
            return Problem.Invalid(wrong);
        }

        if (idempotencyKey is not null && await store.FindIdempotencyKeyAsync(idempotencyKey, cancellationToken) is { } used)
        {
            return await RepeatAsync(idempotencyKey, used.WorkflowId, request, inbox, cancellationToken);
        }

        var (reading, failure) = await TryPlanAsync(planner, request, CallOrigin.Of(context), cancellationToken);
        if (reading?.Plan is not { } plan)
        {
            return failure ?? Problem.Definition(reading!.Problems);
        }

        var asking = new SubmitWorkflowRequest { Definition = AskingDefinition, Type = "plan", ProjectRequirements = plan.Request, Name = Cut($"Plan: {plan.Name}"), Input = JsonPayload.From(plan) };
        var (submission, problem) = await Submission.MakeAsync(asking, idempotencyKey, Caller.Of(context).Name, catalog, time, cancellationToken);
        if (submission is null)
        {
            return problem!;
        }

        switch (await engine.SubmitAsync(submission, cancellationToken))
        {
            case SubmitOutcome.Accepted accepted:
                return TypedResults.Created($"/api/v1/request/{accepted.Workflow.Header.Id}", await FindAsync(accepted.Workflow.Header.Id, inbox, cancellationToken));
            case SubmitOutcome.Replayed replayed:
                return await FindAsync(replayed.Workflow.Header.Id, inbox, cancellationToken) is { } before ? TypedResults.Ok(before) : Unknown(replayed.Workflow.Header.Id.ToString());
            case SubmitOutcome.KeyMismatch mismatch:
                // A model seldom plans the same twice: when the same request came twice at once, the plan that was stored first is the answer to both.
                return await RepeatAsync(idempotencyKey!, mismatch.WorkflowId, request, inbox, cancellationToken);
            default:
                return Problem.Later(ProblemTypes.Overloaded, "Too many workflows wait to be stored. Nothing was stored; try again.", TimeSpan.FromSeconds(1));
        }
    }

    private static async Task<IResult> RepeatAsync(string key, WorkflowId used, PlanRequest request, ApprovalInbox inbox, CancellationToken cancellationToken) =>
        await FindAsync(used, inbox, cancellationToken) is { } before && before.Plan.Request == request.Request!.Trim()
            ? TypedResults.Ok(before)
            : Problem.Of(ProblemTypes.IdempotencyMismatch, $"Idempotency-Key '{key}' was used with another request, which made workflow {used}.", "Use a new key for a new request.");

    private static async Task<IResult> ShowAsync(string id, ApprovalInbox inbox, CancellationToken cancellationToken) =>
        WorkflowId.TryParse(id, null, out var requestId) && await FindAsync(requestId, inbox, cancellationToken) is { } found ? TypedResults.Ok(found) : Unknown(id);

    private static async Task<(PlanReading? Reading, Problem? Failure)> TryPlanAsync(Planner planner, PlanRequest request, CallOrigin origin, CancellationToken cancellationToken)
    {
        try
        {
            return (await planner.MakeAsync(request, origin, cancellationToken), null);
        }
        catch (ModelFailure failure)
        {
            var type = failure.Kind switch
            {
                FailureKind.ModelMissing => ProblemTypes.NotFound,
                FailureKind.BudgetExhausted or FailureKind.Throttled => ProblemTypes.Overloaded,
                FailureKind.Refused or FailureKind.ContextTooLong or FailureKind.PriceUnknown => ProblemTypes.InvalidRequest,
                _ => ProblemTypes.Unavailable,
            };
            return (null, Problem.Of(type, failure.Status, $"model: {failure.Code}: {failure.Message}", "Nothing was planned. Name another model, or \"builtin\" for rules."));
        }
    }

    private static async Task<PlanResource?> FindAsync(WorkflowId requestId, ApprovalInbox inbox, CancellationToken cancellationToken)
    {
        if (await inbox.ListAsync(new ApprovalQuery { WorkflowId = requestId, Limit = 1 }, cancellationToken) is not [{ Question.Kind: EffectKinds.Plan } asked] || (asked.Decision?.Effect ?? asked.Question.Effect).To<PlanDocument>() is not { } plan)
        {
            return null;
        }

        var execution = asked.Decision?.Execution;
        return new PlanResource
        {
            RequestId = requestId,
            Status = (asked.Status, execution?.Succeeded) switch
            {
                (ApprovalStatus.Open, _) => plan.Ambiguities.Count > 0 ? "requires_clarification" : "pending_approval",
                (ApprovalStatus.Approved, true) => "submitted",
                (ApprovalStatus.Approved, false) => "failed",
                (ApprovalStatus.Approved, null) => "approved",
                _ => "rejected",
            },
            Plan = plan,
            Approval = ApprovalViews.Show(asked),
            WorkflowId = execution is { Succeeded: true, Result: { } result } ? result.To<Submitted>()?.WorkflowId : null,
        };
    }

    private static List<string> Check(PlanRequest request)
    {
        var problems = new List<string>();
        if (string.IsNullOrWhiteSpace(request.Request))
        {
            problems.Add("request: it is empty. Write what is wanted.");
        }
        else if (request.Request.Length > Submission.MaxRequirements)
        {
            problems.Add($"request: there are {request.Request.Length} characters; write at most {Submission.MaxRequirements}.");
        }

        if (request.Name is { Length: > 190 })
        {
            problems.Add("name: it is longer than 190 characters.");
        }

        if (request.Model is { Length: 0 or > 200 })
        {
            problems.Add("model: it is not the name of a model.");
        }

        return problems;
    }

    private static string Cut(string name) => name.Length <= 200 ? name : name[..199] + "…";

    private static Problem Unknown(string id) => Problem.NotFound("request", id, "POST /api/v1/request makes one.");

    private sealed record Submitted(WorkflowId WorkflowId);
}
