using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary><c>/v1/responses</c>: create, also streamed and in the background; look, follow, cancel, delete.</summary>
internal static class Responses
{
    public static void MapResponses(this IEndpointRouteBuilder group)
    {
        group.MapPost("/responses", CreateAsync).Accepts<ResponseRequest>("application/json").WithSummary("Asks a model, in OpenAI's newer protocol");
        group.MapGet("/responses/{response_id}", ShowAsync).WithSummary("Shows a response, or follows its events");
        group.MapPost("/responses/{response_id}/cancel", Cancel).WithSummary("Ends a response that is made in the background");
        group.MapDelete("/responses/{response_id}", Delete).WithSummary("Forgets a response");
        group.MapGet("/responses/{response_id}/input_items", Items).WithSummary("Lists what a response answers");
    }

    private static async Task<IResult> CreateAsync(HttpContext http, ResponseRuns runs, TimeProvider time, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OpenAiErrors.ReadAsync<ResponseRequest>(http.Request, "a request for a response", cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        var origin = CallOrigin.Of(http);
        try
        {
            var model = request.Model is { Length: > 0 } named ? named : throw ModelFailure.Request("'model' is missing. GET /v1/models lists the models.", "model");
            var chat = ResponseReader.Read(request, Before(request, runs, origin.Caller));
            var id = $"resp_{Guid.CreateVersion7(time.GetUtcNow()):n}";
            var isBackground = request.Background is true;
            var run = new ResponseRun(id, origin.Caller, ResponseReader.FrameOf(id, request, time.GetUtcNow()), chat, isBackground, isBackground ? CancellationToken.None : cancellationToken);
            var work = runs.StartAsync(run, model, origin, isKept: isBackground || request.Store is not false);
            if (isBackground)
            {
                return request.Stream is true ? new Followed(run, -1) : TypedResults.Json(run.Snapshot());
            }

            if (request.Stream is true)
            {
                return await BegunAsync(run, work, cancellationToken) ? new Followed(run, -1) : await FailedAsync(work);
            }

            await work;
            return TypedResults.Json(run.Snapshot());
        }
        catch (ModelFailure failure)
        {
            return OpenAiErrors.Of(failure);
        }
    }

    private static IReadOnlyList<Turn> Before(ResponseRequest request, ResponseRuns runs, string owner)
    {
        if (request.PreviousResponseId is not { } id)
        {
            return [];
        }

        var previous = runs.Find(id, owner)
            ?? throw new ModelFailure(FailureKind.ModelMissing, $"There is no response '{id}': it was deleted, not stored, or forgotten at a restart. Send the whole conversation as 'input'.") { Parameter = "previous_response_id" };
        return previous.Reply is { } reply ? [.. previous.Chat.Turns, reply] : throw ModelFailure.Request($"The response '{id}' is not complete. Wait for it, or go on from another one.", "previous_response_id");
    }

    // Until the first event a failure is an answer with a status; afterwards it is an event.
    private static async Task<bool> BegunAsync(ResponseRun run, Task work, CancellationToken cancellationToken)
    {
        await using var events = run.FollowAsync(-1, cancellationToken).GetAsyncEnumerator(cancellationToken);
        return await events.MoveNextAsync() && events.Current.Name is "response.created" && !work.IsFaulted;
    }

    private static async Task<IResult> FailedAsync(Task work)
    {
        await work;
        return OpenAiErrors.Refuse(StatusCodes.Status500InternalServerError, "The response ended before it began.");
    }

    private static IResult ShowAsync(string response_id, string? stream, int? starting_after, HttpContext http, ResponseRuns runs) =>
        runs.Find(response_id, CallOrigin.Of(http).Caller) is not { } run ? Unknown(response_id)
        : stream is "true" or "1" ? new Followed(run, starting_after ?? -1)
        : TypedResults.Json(run.Snapshot());

    private static IResult Cancel(string response_id, HttpContext http, ResponseRuns runs)
    {
        if (runs.Find(response_id, CallOrigin.Of(http).Caller) is not { } run)
        {
            return Unknown(response_id);
        }

        if (!run.IsBackground)
        {
            return OpenAiErrors.Refuse(StatusCodes.Status400BadRequest, $"The response '{response_id}' is not made in the background. Close its connection instead.", "response_id");
        }

        run.Cancel();
        return TypedResults.Json(run.Snapshot());
    }

    private static IResult Delete(string response_id, HttpContext http, ResponseRuns runs) => runs.Remove(response_id, CallOrigin.Of(http).Caller)
        ? TypedResults.Json(new JsonObject { ["id"] = response_id, ["object"] = "response", ["deleted"] = true })
        : Unknown(response_id);

    private static IResult Items(string response_id, HttpContext http, ResponseRuns runs)
    {
        if (runs.Find(response_id, CallOrigin.Of(http).Caller) is not { } run)
        {
            return Unknown(response_id);
        }

        var items = run.Chat.Turns.Where(turn => turn.Role is not "system").Select((turn, index) => ItemOf(turn, $"item_{index}")).ToList();
        return TypedResults.Json(new JsonObject
        {
            ["object"] = "list",
            ["data"] = new JsonArray([.. items]),
            ["first_id"] = items.Count > 0 ? "item_0" : null,
            ["last_id"] = items.Count > 0 ? $"item_{items.Count - 1}" : null,
            ["has_more"] = false,
        });
    }

    private static JsonObject ItemOf(Turn turn, string id) => turn switch
    {
        { Role: "tool" } => new JsonObject { ["id"] = id, ["type"] = "function_call_output", ["call_id"] = turn.CallId, ["output"] = turn.Text },
        { Calls: [var call, ..] } => new JsonObject { ["id"] = id, ["type"] = "function_call", ["call_id"] = call.Id, ["name"] = call.Name, ["arguments"] = call.Arguments },
        _ => new JsonObject
        {
            ["id"] = id,
            ["type"] = "message",
            ["role"] = turn.Role,
            ["content"] = new JsonArray(new JsonObject { ["type"] = turn.Role is "assistant" ? "output_text" : "input_text", ["text"] = turn.Text }),
        },
    };

    private static IResult Unknown(string id) => OpenAiErrors.Refuse(StatusCodes.Status404NotFound, $"There is no response '{id}': it was deleted, not stored, or forgotten at a restart.", "response_id", "not_found");

    /// <summary>The events of a response, from one on, until it is over.</summary>
    private sealed class Followed(ResponseRun run, int after) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            var events = new EventWriter(httpContext);
            await foreach (var (name, json) in run.FollowAsync(after, httpContext.RequestAborted))
            {
                await events.WriteAsync(json, name);
            }
        }
    }
}
