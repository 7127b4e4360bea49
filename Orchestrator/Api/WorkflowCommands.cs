using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Approvals;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>What people ask of a workflow that exists.</summary>
internal static class WorkflowCommands
{
    public static void MapWorkflowCommands(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/workflows/{id}").WithTags("Workflows").Require(Scope.Write);
        group.MapPost("/cancel", CancelAsync).WithSummary("Cancel a workflow").WithDescription("It is canceled at once; agents stop within two seconds, and what they still hand in does not count.").Produces<WorkflowResource>();
        group.MapPost("/pause", PauseAsync).WithSummary("Pause a workflow").WithDescription("Attempts under way finish and count; none starts.").Produces<WorkflowResource>();
        group.MapPost("/resume", ResumeAsync).WithSummary("Resume a workflow").WithDescription("One that is paused goes on. With 'iterations', one that hit a limit, failed or was canceled goes on from the last checkpoints of its loops, which may use so many more.").Produces<WorkflowResource>();
        group.MapPost("/retry", RetryAsync).WithSummary("Try an ended workflow again").WithDescription("From a stage, with all that depend on it; without one, the stages that did not complete.").Produces<WorkflowResource>();
        group.MapPost("/stages/{stage}/approve", ApproveAsync).WithSummary("Say yes to a stage's question").Produces<WorkflowResource>();
        group.MapPost("/stages/{stage}/reject", RejectAsync).WithSummary("Say no to a stage's question").Produces<WorkflowResource>();
    }

    private static Task<IResult> CancelAsync(HttpContext context, string id, ReasonRequest? request, WorkflowEngine engine, WorkflowViews views, CancellationToken cancellationToken) =>
        AnswerAsync(context, id, views, workflow => engine.CancelAsync(workflow, By(context), request?.Reason, cancellationToken), cancellationToken);

    private static Task<IResult> PauseAsync(HttpContext context, string id, ReasonRequest? request, WorkflowEngine engine, WorkflowViews views, CancellationToken cancellationToken) =>
        AnswerAsync(context, id, views, workflow => engine.PauseAsync(workflow, By(context), request?.Reason ?? $"paused by {By(context)}", cancellationToken), cancellationToken);

    private static async Task<IResult> ResumeAsync(HttpContext context, string id, ResumeRequest? request, WorkflowEngine engine, WorkflowViews views, CancellationToken cancellationToken)
    {
        // A reason is allowed, so that clients can treat the three commands alike; a resume keeps none.
        if (request?.Iterations is not { } more)
        {
            return await AnswerAsync(context, id, views, workflow => engine.ResumeAsync(workflow, By(context), cancellationToken), cancellationToken);
        }

        return more is < 1 or > IterationClass.HardCap
            ? Problem.Of(ProblemTypes.InvalidRequest, $"iterations: {more} is not a number from 1 to {IterationClass.HardCap}.")
            : await AnswerAsync(context, id, views, workflow => engine.ExtendAsync(workflow, more, By(context), cancellationToken), cancellationToken);
    }

    private static Task<IResult> RetryAsync(HttpContext context, string id, RetryRequest? request, WorkflowEngine engine, WorkflowViews views, CancellationToken cancellationToken) =>
        AnswerAsync(context, id, views, workflow => engine.RetryAsync(workflow, request?.FromStage, By(context), cancellationToken), cancellationToken);

    private static Task<IResult> ApproveAsync(
        HttpContext context, string id, string stage, DecisionRequest? request, WorkflowEngine engine, ApprovalInbox inbox, WorkflowViews views, TimeProvider time, CancellationToken cancellationToken) =>
        AnswerAsync(context, id, views, workflow => DecideAsync(workflow, stage, Decision(true, context, request, time), GuardOf(context, request), engine, inbox, cancellationToken), cancellationToken);

    private static Task<IResult> RejectAsync(
        HttpContext context, string id, string stage, DecisionRequest? request, WorkflowEngine engine, ApprovalInbox inbox, WorkflowViews views, TimeProvider time, CancellationToken cancellationToken) =>
        AnswerAsync(context, id, views, workflow => DecideAsync(workflow, stage, Decision(false, context, request, time), GuardOf(context, request), engine, inbox, cancellationToken), cancellationToken);

    /// <summary>Decides what a stage asks. What was approved and is the orchestrator's to execute is executed before the answer, as through the inbox.</summary>
    internal static async Task<CommandOutcome> DecideAsync(
        WorkflowId id, string stage, ApprovalDecision decision, DecisionGuard seen, WorkflowEngine engine, ApprovalInbox inbox, CancellationToken cancellationToken)
    {
        var outcome = await engine.AnswerAsync(id, stage, decision, seen, cancellationToken);
        if (outcome is CommandOutcome.Applied applied && applied.Workflow.State.Find(stage)?.Approval is { IsExecuting: true } executing)
        {
            await inbox.ExecuteAsync(executing.Id, cancellationToken);
        }

        return outcome;
    }

    private static DecisionGuard GuardOf(HttpContext context, DecisionRequest? request) => new() { Version = request?.Version, Roles = ApprovalsApi.PersonOf(context).Roles };

    private static ApprovalDecision Decision(bool approved, HttpContext context, DecisionRequest? request, TimeProvider time) =>
        new() { Approved = approved, DecidedBy = By(context), DecidedAt = time.GetUtcNow(), Comment = request?.Comment };

    private static string By(HttpContext context) => Caller.Of(context).Name;

    private static async Task<IResult> AnswerAsync(HttpContext context, string id, WorkflowViews views, Func<WorkflowId, Task<CommandOutcome>> command, CancellationToken cancellationToken)
    {
        if (!WorkflowId.TryParse(id, null, out var workflowId))
        {
            return Workflows.Unknown(id);
        }

        switch (await command(workflowId))
        {
            case CommandOutcome.Applied applied:
                context.Response.Headers.ETag = $"\"{applied.Workflow.State.Version}\"";
                return TypedResults.Ok(await views.ShowAsync(applied.Workflow, cancellationToken));
            case CommandOutcome.Forbidden forbidden:
                return Problem.Of(ProblemTypes.Forbidden, forbidden.Message);
            case CommandOutcome.Refused refused:
                return Problem.Of(ProblemTypes.Conflict, refused.Message);
            default:
                return Workflows.Unknown(id);
        }
    }
}
