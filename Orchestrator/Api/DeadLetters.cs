using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api.Access;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Messages that the broker could not get handled, for people: look, try again, throw away.</summary>
internal static class DeadLetters
{
    public static void MapDeadLetters(this IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/dead-letters").WithTags("Dead letters");
        group.MapGet("", ListAsync).WithSummary("List dead letters, oldest first").Produces<DeadLetterList>();
        group.MapGet("/{letter_id}", ShowAsync).WithSummary("Show a dead letter").Produces<DeadLetterResource>();
        group.MapPost("/{letter_id}/replay", ReplayAsync).Require(Scope.Write).WithSummary("Try a dead letter again")
            .WithDescription("A task: its stage, which was failed as poison, is tried again as a new attempt. Anything else goes to the queue in which it died. The letter is removed.")
            .Produces<DeadLetterResource>();
        group.MapPost("/{letter_id}/discard", DiscardAsync).Require(Scope.Write).WithSummary("Throw a dead letter away").Produces<DeadLetterResource>();
    }

    private static async Task<IResult> ListAsync(string? limit, IDeadLetters letters, CancellationToken cancellationToken)
    {
        var fields = new QueryFields();
        var most = fields.Limit(limit);
        return fields.Problem is { } problem ? problem : TypedResults.Ok(new DeadLetterList(await letters.ListAsync(most, cancellationToken)));
    }

    private static async Task<IResult> ShowAsync(string letter_id, IDeadLetters letters, CancellationToken cancellationToken) =>
        await letters.FindAsync(letter_id, cancellationToken) is { } letter ? TypedResults.Ok(letter) : Unknown(letter_id);

    private static async Task<IResult> ReplayAsync(HttpContext context, string letter_id, IDeadLetters letters, WorkflowEngine engine, CancellationToken cancellationToken)
    {
        if (await letters.FindAsync(letter_id, cancellationToken) is not { } letter)
        {
            return Unknown(letter_id);
        }

        if (letter is not { Kind: DeadLetterResource.TaskKind, TaskId: { } task })
        {
            return await letters.ReplayAsync(letter_id, cancellationToken) ? TypedResults.Ok(letter) : Unknown(letter_id);
        }

        // The attempt is over, and its message would be dropped as stale by whoever got it: a new attempt is what is wanted.
        switch (await engine.RetryAsync(task.WorkflowId, task.Stage, Caller.Of(context).Name, cancellationToken))
        {
            case CommandOutcome.Applied:
                await letters.DiscardAsync(letter_id, cancellationToken);
                return TypedResults.Ok(letter);
            case CommandOutcome.Refused refused:
                return Problem.Of(ProblemTypes.Conflict, refused.Message, "The letter is kept.");
            default:
                return Problem.Of(ProblemTypes.Conflict, $"Workflow {task.WorkflowId}, whose task this is, does not exist any more.", "Discard the letter.");
        }
    }

    private static async Task<IResult> DiscardAsync(string letter_id, IDeadLetters letters, CancellationToken cancellationToken)
    {
        var letter = await letters.FindAsync(letter_id, cancellationToken);
        return letter is not null && await letters.DiscardAsync(letter_id, cancellationToken) ? TypedResults.Ok(letter) : Unknown(letter_id);
    }

    private static Problem Unknown(string id) => Problem.NotFound("dead letter", id, "GET /api/v1/dead-letters lists them.");
}
