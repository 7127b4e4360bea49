using System.Collections.Concurrent;
using System.Text;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>The responses of this process: makes them, and keeps the newest ones in memory. A restart forgets them; what has to last is a workflow.</summary>
internal sealed class ResponseRuns(ModelGateway gateway, IHostApplicationLifetime lifetime)
{
    /// <summary>The most responses that are kept.</summary>
    public const int Most = 1000;

    private readonly ConcurrentDictionary<string, ResponseRun> _runs = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _order = new();

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
    /// <returns>Ends when the response is over; throws only when no model answered and it is not a background one.</returns>
    public Task StartAsync(ResponseRun run, string model, CallOrigin origin, bool isKept)
    {
        if (isKept)
        {
            _runs[run.Id] = run;
            _order.Enqueue(run.Id);
            // The oldest goes first; one that is still on its way takes its turn again.
            for (var tries = _order.Count; tries > 0 && _order.Count > Most && _order.TryDequeue(out var oldest); tries--)
            {
                if (_runs.TryGetValue(oldest, out var old) && !old.IsOver)
                {
                    _order.Enqueue(oldest);
                }
                else
                {
                    _runs.TryRemove(oldest, out _);
                }
            }
        }

        return RunAsync(run, model, origin);
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
}
