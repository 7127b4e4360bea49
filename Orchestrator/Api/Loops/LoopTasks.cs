using System.Globalization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Approvals;
using Stack.Orchestrator.Api.Definitions;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api.Loops;

/// <summary><c>/tasks</c> and <c>/stats</c>: a thin face over workflows of type <c>task</c>, which have one loop. What <c>/api/v1/tasks</c> calls a task is an attempt; here it is a piece of work.</summary>
internal static class LoopTasks
{
    /// <summary>The type of the workflows, and the name of their definition unless another is named.</summary>
    public const string WorkflowType = "task";

    private const int MostPrompt = Submission.MaxRequirements;

    public static void AddLoopTasks(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LoopTasksOptions>().BindConfiguration(LoopTasksOptions.Section);
        builder.Services.AddSingleton<LoopTaskViews>();
    }

    public static void MapLoopTasks(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("").WithTags("Loops");
        group.MapPost("/tasks", SubmitAsync).Require(Scope.Write).WithSummary("Submit a task for a loop")
            .WithDescription("Answers when it is durable. With an Idempotency-Key, the same request answers the same task.").Produces<LoopTaskAccepted>(StatusCodes.Status202Accepted);
        group.MapGet("/tasks", ListAsync).WithSummary("List tasks of loops, newest first").Produces<LoopTaskList>();
        group.MapGet("/tasks/{id}", ShowAsync).WithSummary("Show a task of a loop").Produces<LoopTask>();
        group.MapGet("/tasks/{id}/result", ResultAsync).WithSummary("What a task made so far, with the history of its iterations").Produces<LoopTaskResult>();
        group.MapPost("/tasks/{id}/stop", StopAsync).Require(Scope.Write).WithSummary("Stop a task").WithDescription("It is stopped at once; the iterations that counted are kept.").Produces<LoopTask>();
        group.MapPost("/tasks/{id}/approve", ApproveAsync).Require(Scope.Write).WithSummary("Answer a task's question with yes or no").Produces<LoopTask>();
        group.MapGet("/stats", StatsAsync).WithSummary("How the newest 1,000 tasks went").Produces<LoopStats>();
    }

    private static async Task<IResult> SubmitAsync(
        HttpContext context,
        LoopTaskRequest request,
        [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey,
        WorkflowEngine engine,
        LoopTaskViews views,
        DefinitionCatalog catalog,
        IOptions<LoopTasksOptions> options,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!options.Value.Enabled)
        {
            return Problem.Of(ProblemTypes.Unavailable, $"Tasks for loops are switched off ({LoopTasksOptions.Section}:Enabled).", "Switch them on, or submit a workflow.");
        }

        if (Check(request) is { Count: > 0 } problems)
        {
            return Problem.Invalid(problems);
        }

        var definition = request.Definition ?? WorkflowType;
        if (await catalog.FindAsync(definition, cancellationToken) is { } stored && !stored.Definition.Stages.Any(stage => stage.Agent == LoopTaskViews.Agent))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"definition: '{definition}' has no stage of the agent '{LoopTaskViews.Agent}'.", "Name one that has, or leave it out.");
        }

        var submitted = new SubmitWorkflowRequest { ProjectRequirements = request.Prompt, Definition = definition, Type = WorkflowType, Input = InputOf(request) };
        var (submission, problem) = await Submission.MakeAsync(submitted, idempotencyKey, Caller.Of(context).Name, catalog, time, cancellationToken);
        if (submission is null)
        {
            return problem!;
        }

        switch (await engine.SubmitAsync(submission, cancellationToken))
        {
            case SubmitOutcome.Accepted accepted:
                return Accepted(accepted.Workflow.Header.Id, LoopTaskStatus.Queued, "The task is durable and waits for a loop agent.");
            case SubmitOutcome.Replayed replayed:
                context.Response.Headers["Idempotency-Replayed"] = "true";
                return Accepted(replayed.Workflow.Header.Id, (await views.ShowAsync(replayed.Workflow, cancellationToken)).Status, "The same request was accepted before.");
            case SubmitOutcome.KeyMismatch mismatch:
                return Problem.Of(ProblemTypes.IdempotencyMismatch, $"Idempotency-Key '{idempotencyKey}' was used with another request, which made {mismatch.WorkflowId}.", "Use a new key for a new request.");
            case SubmitOutcome.Overloaded overloaded:
                return Problem.Later(ProblemTypes.Overloaded, "Too many workflows wait to be stored. Nothing was stored; try again.", overloaded.RetryAfter);
            default:
                throw new InvalidOperationException("An outcome of a submission that is not known.");
        }
    }

    private static async Task<IResult> ListAsync(string? status, string? limit, string? cursor, IWorkflowStore store, LoopTaskViews views, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var size = fields.Limit(limit);
        var wanted = fields.Choice<LoopTaskStatus>("status", status);
        var query = new WorkflowQuery { Type = WorkflowType, Status = wanted is { } one ? LoopTaskViews.WorkflowStatusOf(one) : null, Before = fields.Cursor<WorkflowId>(cursor), Limit = size + 1 };
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        var found = await store.ListAsync(query, cancellationToken);
        var tasks = new List<LoopTask>();
        foreach (var workflow in found.Take(size))
        {
            tasks.Add(await views.ShowAsync(workflow, cancellationToken));
        }

        return TypedResults.Ok(new LoopTaskList([.. tasks.Where(task => wanted is null || task.Status == wanted)], found.Count > size ? found[size - 1].Header.Id.ToString() : null));
    }

    private static async Task<IResult> ShowAsync(string id, LoopTaskViews views, CancellationToken cancellationToken) =>
        await views.FindAsync(id, cancellationToken) is { } workflow ? TypedResults.Ok(await views.ShowAsync(workflow, cancellationToken)) : Unknown(id);

    private static async Task<IResult> ResultAsync(string id, LoopTaskViews views, CancellationToken cancellationToken) =>
        await views.FindAsync(id, cancellationToken) is { } workflow ? TypedResults.Ok(await views.ResultAsync(workflow, cancellationToken)) : Unknown(id);

    private static async Task<IResult> StopAsync(HttpContext context, string id, WorkflowEngine engine, LoopTaskViews views, CancellationToken cancellationToken) =>
        await views.FindAsync(id, cancellationToken) is { } workflow
            ? await AnswerAsync(await engine.CancelAsync(workflow.Header.Id, Caller.Of(context).Name, "stopped", cancellationToken), id, views, cancellationToken)
            : Unknown(id);

    private static async Task<IResult> ApproveAsync(
        HttpContext context, string id, string? approved, string? comment, WorkflowEngine engine, ApprovalInbox inbox, LoopTaskViews views, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await views.FindAsync(id, cancellationToken) is not { } workflow)
        {
            return Unknown(id);
        }

        if (!bool.TryParse(approved, out var yes))
        {
            return Problem.Of(ProblemTypes.InvalidRequest, $"approved: '{approved}' is neither true nor false.", "Add '?approved=true' or '?approved=false'.");
        }

        if (workflow.State.Stages.FirstOrDefault(stage => stage.Status is StageStatus.AwaitingApproval) is not { } asking)
        {
            return Problem.Of(ProblemTypes.Conflict, $"The task asks nothing now: it is {(await views.ShowAsync(workflow, cancellationToken)).Status.ToString().ToLowerInvariant()}.");
        }

        var decision = new ApprovalDecision { Approved = yes, DecidedBy = Caller.Of(context).Name, DecidedAt = time.GetUtcNow(), Comment = comment };
        return await AnswerAsync(await WorkflowCommands.DecideAsync(workflow.Header.Id, asking.Name, decision, new DecisionGuard { Roles = ApprovalsApi.PersonOf(context).Roles }, engine, inbox, cancellationToken), id, views, cancellationToken);
    }

    private static async Task<IResult> StatsAsync(LoopTaskViews views, IOptions<LoopTasksOptions> options, CancellationToken cancellationToken) =>
        TypedResults.Ok(await views.StatsAsync(options.Value.Enabled, cancellationToken));

    private static async Task<IResult> AnswerAsync(CommandOutcome outcome, string id, LoopTaskViews views, CancellationToken cancellationToken) => outcome switch
    {
        CommandOutcome.Applied applied => TypedResults.Ok(await views.ShowAsync(applied.Workflow, cancellationToken)),
        CommandOutcome.Forbidden forbidden => Problem.Of(ProblemTypes.Forbidden, forbidden.Message),
        CommandOutcome.Refused refused => Problem.Of(ProblemTypes.Conflict, refused.Message),
        _ => Unknown(id),
    };

    private static Microsoft.AspNetCore.Http.HttpResults.Accepted<LoopTaskAccepted> Accepted(WorkflowId id, LoopTaskStatus status, string message) => TypedResults.Accepted($"/tasks/{id}", new LoopTaskAccepted(id, status, message));

    private static Problem Unknown(string id) => Problem.NotFound("task", id, "GET /tasks lists them; attempts are at /api/v1/tasks.");

    private static JsonPayload InputOf(LoopTaskRequest request) => JsonPayload.From(new
    {
        request.Repository,
        request.Ref,
        task = new { request.Backend, request.Model, request.PivotModel, request.MaxIterations, request.StallAfter, request.Ask, request.RequireApproval, request.Checks, request.Context },
    });

    private static List<string> Check(LoopTaskRequest request)
    {
        var problems = new List<string>();
        Require(!string.IsNullOrWhiteSpace(request.Prompt), $"prompt: it is missing. Say what is to be done.");
        Require(request.Prompt is not { Length: > MostPrompt }, $"prompt: it is longer than {MostPrompt} characters; put large material into the repository.");
        Require(request.Backend is not { } backend || DefinitionNames.IsValid(backend), $"backend: '{request.Backend}' is not a name. Write native, or the name of a program of the backends' file.");
        Require(request.MaxIterations is null or -1 or (>= 1 and <= IterationClass.HardCap), $"max_iterations: {request.MaxIterations} is not possible; write 1 to {IterationClass.HardCap}, or -1 to let complexity and history decide.");
        Require(request.StallAfter is null or (>= 1 and <= IterationClass.HardCap), $"stall_after: {request.StallAfter} is not a number from 1 to {IterationClass.HardCap}.");
        Require(request.Checks is not { Count: > 20 }, $"checks: there are {request.Checks?.Count}; write at most 20.");
        return problems;

        void Require(bool good, FormattableString problem)
        {
            if (!good)
            {
                problems.Add(problem.ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}

/// <summary>Whether tasks for loops are taken.</summary>
internal sealed class LoopTasksOptions
{
    internal const string Section = "Stack:Tasks";

    /// <summary>Whether they are; when not, they are answered with 503.</summary>
    /// <value>The default is true.</value>
    public bool Enabled { get; set; } = true;
}
