using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api.Replays;

/// <summary>Adds and maps what is made of workflows that exist: forks, replays, recordings, and the calls of models that they made.</summary>
internal static class ReplayRoutes
{
    // Conversations of long loops.
    private const long MaxRecordingBytes = 256L * 1024 * 1024;
    private const int MostCalls = 1000;

    public static void AddReplays(this IServiceCollection services) => services.AddSingleton<Forks>().AddSingleton<Recorder>().AddSingleton<Replays>();

    public static void MapReplays(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/workflows/{id}").WithTags("Replays");
        group.MapPost("/fork", Forks.ForkAsync).Require(Scope.Write).WithSummary("Fork a workflow")
            .WithDescription("A new workflow takes over the outputs and the commit of what came before a stage, and makes the rest again, if wanted with another model.").Produces<WorkflowResource>(StatusCodes.Status201Created);
        group.MapPost("/replay", ReplayAsync).Require(Scope.Write).WithSummary("Replay a workflow that ended")
            .WithDescription("A new workflow does the same again. The journal answers in place of models; a call that it does not know fails with journal_miss. Stages that act on more than the workspace are left out.")
            .Produces<WorkflowResource>(StatusCodes.Status201Created);
        group.MapGet("/recording", RecordAsync).WithSummary("The recording of a workflow that ended").WithDescription("Everything that POST /api/v1/replays needs, here or elsewhere.").Produces<WorkflowRecording>();
        group.MapGet("/comparison", CompareAsync).WithSummary("Compare a replay that ended with what it replays").Produces<ReplayComparison>();
        group.MapGet("/decisions", DecisionsAsync).WithSummary("What people decided in the workflow that a replay replays, by stage").Produces<IReadOnlyDictionary<string, ApprovalDecision>>();
        group.MapGet("/calls", CallsAsync).WithSummary("List the calls of models, in order").WithDescription("What was asked and answered is in the recording.").Produces<RecordedCallList>();
        routes.MapPost("/replays", ReplayRecordingAsync).Require(Scope.Write).LimitBody(MaxRecordingBytes).WithTags("Replays").WithSummary("Replay a recording").Produces<WorkflowResource>(StatusCodes.Status201Created);
    }

    private static Task<IResult> ReplayAsync(HttpContext context, string id, Replays replays, CancellationToken cancellationToken) =>
        replays.ReplayAsync(id, Caller.Of(context).Name, cancellationToken);

    private static Task<IResult> ReplayRecordingAsync(HttpContext context, WorkflowRecording recording, Replays replays, CancellationToken cancellationToken) =>
        replays.ReplayAsync(recording, Caller.Of(context).Name, cancellationToken);

    private static Task<IResult> RecordAsync(string id, Replays replays, CancellationToken cancellationToken) => replays.RecordAsync(id, cancellationToken);

    private static Task<IResult> CompareAsync(string id, Replays replays, CancellationToken cancellationToken) => replays.CompareAsync(id, cancellationToken);

    private static Task<IResult> DecisionsAsync(string id, Replays replays, CancellationToken cancellationToken) => replays.DecisionsAsync(id, cancellationToken);

    private static async Task<IResult> CallsAsync(string id, string? limit, IWorkflowStore store, IModelJournal journal, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var most = limit is null ? MostCalls : fields.Limit(limit);
        if (fields.Problem is { } problem)
        {
            return problem;
        }

        return WorkflowId.TryParse(id, null, out var workflowId) && (await store.LoadAsync([workflowId], cancellationToken)).Count > 0
            ? TypedResults.Ok(new RecordedCallList([.. (await journal.ListCallsAsync(workflowId, isGiven: false, most, cancellationToken)).Select(Recorder.ToRecorded)]))
            : Workflows.Unknown(id);
    }
}
