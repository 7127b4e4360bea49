using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Stack.Orchestrator.Gateway.Configuration;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>The responses of this process: makes them, and keeps the newest ones in memory. A restart forgets them; what has to last is a workflow.</summary>
internal sealed partial class ResponseRuns(ModelGateway gateway, IOptions<GatewayOptions> options, IHostApplicationLifetime lifetime, ILogger<ResponseRuns> logger)
{
    /// <summary>The most responses that are kept.</summary>
    public const int Most = 1000;

    private readonly ConcurrentDictionary<string, ResponseRun> _runs = new(StringComparer.Ordinal);
    private readonly Lock _evicting = new();

    /// <summary>Finds a response of a caller.</summary>
    public ResponseRun? Find(string id, string owner) => _runs.TryGetValue(id, out var run) && run.Owner == owner ? run : null;

    /// <summary>Forgets a response, and ends it.</summary>
    public bool Remove(string id, string owner)
    {
        if (Find(id, owner) is not { } run)
        {
            return false;
        }

        _runs.TryRemove(id, out _);
        run.Cancel();
        return true;
    }

    /// <summary>Begins a response.</summary>
    /// <param name="run">The response.</param>
    /// <param name="model">The model, or an alias.</param>
    /// <param name="origin">Who it is for.</param>
    /// <param name="isKept">Whether it can be asked for afterwards.</param>
    /// <returns>Ends when the response is over.</returns>
    /// <exception cref="ModelFailure">It is not a background one, and there is no answer.</exception>
    public async Task StartAsync(ResponseRun run, string model, CallOrigin origin, bool isKept)
    {
        if (isKept)
        {
            _runs[run.Id] = run;
        }

        try
        {
            await RunAsync(run, model, origin);
        }
        finally
        {
            Evict();
        }
    }

    private async Task RunAsync(ResponseRun run, string model, CallOrigin origin)
    {
        using var stopping = lifetime.ApplicationStopping.Register(run.Cancel);
        try
        {
            await using var answer = await gateway.OpenAsync(model, run.Chat, origin, run.Token);
            run.Begin(answer.Model);
            await WriteAsync(run, answer);
        }
        catch (ModelFailure failure)
        {
            run.Fail(failure);
            if (!run.IsBackground)
            {
                throw;
            }
        }
        catch (OperationCanceledException) when (run.Token.IsCancellationRequested)
        {
            run.Cancel();
        }
        catch (Exception failure)
        {
            // Whoever follows it waits for its end, whatever happened.
            LogFailed(run.Id, failure);
            var unavailable = new ModelFailure(FailureKind.Unavailable, "The orchestrator could not make the response. Try again; its log says why.", failure);
            run.Fail(unavailable);
            if (!run.IsBackground)
            {
                throw unavailable;
            }
        }
    }

    // The oldest goes first; what is still on its way stays. Ids begin with their time.
    private void Evict()
    {
        lock (_evicting)
        {
            var most = (long)options.Value.KeptResponsesMegabytes * 1024 * 1024;
            var (count, size) = (_runs.Count, _runs.Values.Sum(run => run.SizeBytes));
            if (count <= Most && size <= most)
            {
                return;
            }

            foreach (var run in _runs.Values.Where(run => run.IsOver).OrderBy(run => run.Id, StringComparer.Ordinal))
            {
                if (count <= Most && size <= most)
                {
                    break;
                }

                if (_runs.TryRemove(run.Id, out _))
                {
                    count--;
                    size -= run.SizeBytes;
                }
            }
        }
    }

    private static async Task WriteAsync(ResponseRun run, Answer answer)
    {
        var text = new StringBuilder();
        var calls = new List<ToolCall>();
        int? message = null;
        var messageId = $"msg_{run.Id[5..]}";
        while (await answer.NextAsync() is { } part)
        {
            switch (part)
            {
                case AnswerPart.Text more:
                    message ??= OpenMessage(run, messageId);
                    text.Append(more.Value);
                    run.Tell("response.output_text.delta", Place(messageId, message.Value, ("delta", more.Value), ("logprobs", new JsonArray())));
                    break;
                case AnswerPart.Call made:
                    CloseMessage(run, messageId, message, text);
                    message = null;
                    WriteCall(run, made.Value, calls.Count);
                    calls.Add(made.Value);
                    break;
                case AnswerPart.End end:
                    CloseMessage(run, messageId, message, text);
                    run.End(end.Reason, end.Use!, new Turn("assistant", text.ToString()) { Calls = calls });
                    break;
            }
        }
    }

    private static int OpenMessage(ResponseRun run, string id)
    {
        var index = run.Add(new JsonObject { ["id"] = id, ["type"] = "message", ["status"] = "in_progress", ["role"] = "assistant", ["content"] = new JsonArray() });
        run.Tell("response.content_part.added", Place(id, index, ("part", TextPart(""))));
        return index;
    }

    private static void CloseMessage(ResponseRun run, string id, int? index, StringBuilder text)
    {
        if (index is not { } place)
        {
            return;
        }

        run.Tell("response.output_text.done", Place(id, place, ("text", text.ToString()), ("logprobs", new JsonArray())));
        run.Tell("response.content_part.done", Place(id, place, ("part", TextPart(text.ToString()))));
        run.Complete(place, new JsonObject { ["id"] = id, ["type"] = "message", ["status"] = "completed", ["role"] = "assistant", ["content"] = new JsonArray(TextPart(text.ToString())) });
    }

    private static void WriteCall(ResponseRun run, ToolCall call, int number)
    {
        var id = $"fc_{run.Id[5..]}_{number}";
        var index = run.Add(Item("in_progress", ""));
        run.Tell("response.function_call_arguments.delta", new JsonObject { ["item_id"] = id, ["output_index"] = index, ["delta"] = call.Arguments });
        run.Tell("response.function_call_arguments.done", new JsonObject { ["item_id"] = id, ["output_index"] = index, ["name"] = call.Name, ["arguments"] = call.Arguments });
        run.Complete(index, Item("completed", call.Arguments));

        JsonObject Item(string status, string arguments) =>
            new() { ["id"] = id, ["type"] = "function_call", ["status"] = status, ["call_id"] = call.Id, ["name"] = call.Name, ["arguments"] = arguments };
    }

    private static JsonObject Place(string item, int index, params (string Name, JsonNode Value)[] fields)
    {
        var place = new JsonObject { ["item_id"] = item, ["output_index"] = index, ["content_index"] = 0 };
        foreach (var (name, value) in fields)
        {
            place[name] = value;
        }

        return place;
    }

    private static JsonObject TextPart(string text) => new() { ["type"] = "output_text", ["text"] = text, ["annotations"] = new JsonArray(), ["logprobs"] = new JsonArray() };

    [LoggerMessage(Level = LogLevel.Error, Message = "Response {Response} could not be made.")]
    private partial void LogFailed(string response, Exception exception);
}
