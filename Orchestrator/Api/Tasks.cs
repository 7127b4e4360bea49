using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Tasks, which are attempts: list, show.</summary>
internal static class Tasks
{
    public static void MapTasks(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/tasks", ListAsync).WithTags("Tasks").WithSummary("List tasks, newest first").Produces<TaskList>();
        routes.MapGet("/tasks/{task_id}", ShowAsync).WithTags("Tasks").WithSummary("Show a task with its output").Produces<TaskResource>();
        routes.MapGet("/workflows/{id}/tasks", ListOfWorkflowAsync).WithTags("Tasks").WithSummary("List the tasks of a workflow, newest first").Produces<TaskList>();
    }

    /// <summary>The answer to an id that belongs to no task.</summary>
    public static Problem Unknown(string id) => Problem.NotFound("task", id, "The id of a task is WORKFLOW.STAGE.ATTEMPT; GET /api/v1/tasks lists the tasks.");

    private static Task<IResult> ListAsync(string? status, string? agent_type, string? limit, string? cursor, IWorkflowStore store, CancellationToken cancellationToken) =>
        PageAsync(null, status, agent_type, limit, cursor, store, cancellationToken);

    private static async Task<IResult> ListOfWorkflowAsync(
        string id, string? status, string? agent_type, string? limit, string? cursor, IWorkflowStore store, CancellationToken cancellationToken) =>
        WorkflowId.TryParse(id, null, out var workflowId) && (await store.LoadAsync([workflowId], cancellationToken)).Count > 0
            ? await PageAsync(workflowId, status, agent_type, limit, cursor, store, cancellationToken)
            : Workflows.Unknown(id);

    private static async Task<IResult> PageAsync(
        WorkflowId? workflowId, string? status, string? agentType, string? limit, string? cursor, IWorkflowStore store, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var size = fields.Limit(limit);
        var query = new AttemptQuery
        {
            WorkflowId = workflowId,
            Status = fields.Choice<AttemptStatus>("status", status),
            AgentType = agentType,
            Before = fields.Cursor<TaskId>(cursor),
            Limit = size + 1,
        };
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        var found = await store.ListAttemptsAsync(query, cancellationToken);
        return TypedResults.Ok(new TaskList
        {
            Tasks = [.. found.Take(size).Select(Show)],
            NextCursor = found.Count > size ? found[size - 1].Attempt.TaskId.ToString() : null,
        });
    }

    private static async Task<IResult> ShowAsync(string task_id, IWorkflowStore store, CancellationToken cancellationToken) =>
        TaskId.TryParse(task_id, null, out var id) && await store.FindAttemptAsync(id, cancellationToken) is { } attempt ? TypedResults.Ok(Show(attempt)) : Unknown(task_id);

    private static TaskResource Show(StoredAttempt stored) => new()
    {
        TaskId = stored.Attempt.TaskId,
        WorkflowId = stored.Attempt.TaskId.WorkflowId,
        Stage = stored.Attempt.TaskId.Stage,
        Attempt = stored.Attempt.TaskId.Attempt,
        AgentType = stored.Attempt.AgentType,
        Status = stored.Attempt.Status,
        AgentId = stored.Attempt.AgentId,
        Priority = stored.Attempt.Priority,
        CreatedAt = stored.Attempt.CreatedAt,
        StartedAt = stored.StartedAt,
        FinishedAt = stored.FinishedAt,
        LeaseExpiresAt = stored.Attempt.LeaseExpiresAt,
        Output = stored.Output,
        Error = stored.Error,
        Usage = stored.Usage,
        Commit = stored.Commit,
    };
}
