using System.Globalization;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;
using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Orchestrator.Gateway.Ollama;

/// <summary><c>POST /api/chat</c> and <c>POST /api/generate</c>.</summary>
internal static class OllamaChat
{
    public static Task<IResult> ChatAsync(HttpContext http, ModelGateway gateway, TimeProvider time, CancellationToken cancellationToken) =>
        AnswerAsync(http, gateway, time, isChat: true, cancellationToken);

    public static Task<IResult> GenerateAsync(HttpContext http, ModelGateway gateway, TimeProvider time, CancellationToken cancellationToken) =>
        AnswerAsync(http, gateway, time, isChat: false, cancellationToken);

    private static async Task<IResult> AnswerAsync(HttpContext http, ModelGateway gateway, TimeProvider time, bool isChat, CancellationToken cancellationToken)
    {
        var (request, refusal) = await OllamaErrors.ReadAsync<OllamaRequest>(http.Request, cancellationToken);
        if (request is null || refusal is not null)
        {
            return refusal!;
        }

        if (request.Model is not { Length: > 0 } model)
        {
            return OllamaErrors.Refuse(StatusCodes.Status400BadRequest, "model is required: GET /api/tags lists the models");
        }

        try
        {
            var began = time.GetTimestamp();
            var answer = await gateway.OpenAsync(model, isChat ? OllamaReader.Chat(request) : OllamaReader.Question(request), CallOrigin.Of(http), cancellationToken);
            AnswerHeaders.Write(http.Response, answer);
            var frame = new Frame(model, isChat, time, began);
            if (request.Stream is not false)
            {
                return new Lines(answer, frame);
            }

            await using (answer)
            {
                return TypedResults.Json(frame.Whole(await answer.ReadAsync()));
            }
        }
        catch (ModelFailure failure)
        {
            return OllamaErrors.Of(failure);
        }
    }

    /// <summary>Writes the objects of an answer.</summary>
    private sealed class Frame(string model, bool isChat, TimeProvider time, long began)
    {
        private TimeSpan? _first;

        public JsonObject? Part(AnswerPart part)
        {
            _first ??= time.GetElapsedTime(began);
            return part switch
            {
                AnswerPart.Text text => Of(text.Value, null, []),
                AnswerPart.Thought thought => Of("", thought.Value, []),
                AnswerPart.Call call => Of("", null, [call.Value]),
                AnswerPart.End end => End(Of("", null, []), end.Reason, end.Use!),
                _ => null,
            };
        }

        public JsonObject Whole(WholeAnswer answer)
        {
            _first ??= time.GetElapsedTime(began);
            return End(Of(answer.Text, answer.Thoughts.Length > 0 ? answer.Thoughts : null, answer.Calls), answer.Reason, answer.Use);
        }

        private JsonObject Of(string text, string? thought, IReadOnlyList<ToolCall> calls)
        {
            var line = new JsonObject { ["model"] = model, ["created_at"] = time.GetUtcNow().ToString("O", CultureInfo.InvariantCulture) };
            if (isChat)
            {
                line["message"] = Message(text, thought, calls);
            }
            else
            {
                line["response"] = text;
                if (thought is not null)
                {
                    line["thinking"] = thought;
                }
            }

            line["done"] = false;
            return line;
        }

        private static JsonObject Message(string text, string? thought, IReadOnlyList<ToolCall> calls)
        {
            var message = new JsonObject { ["role"] = "assistant", ["content"] = text };
            if (thought is not null)
            {
                message["thinking"] = thought;
            }

            if (calls.Count > 0)
            {
                message["tool_calls"] = new JsonArray([.. calls.Select(call => new JsonObject
                {
                    ["function"] = new JsonObject
                    {
                        ["name"] = call.Name,
                        ["arguments"] = LooseJson.Object(call.Arguments)
                            ?? throw new ModelFailure(FailureKind.Unreadable, $"The model called '{call.Name}' with arguments that are no JSON object: {call.Arguments}"),
                    },
                })]);
            }

            return message;
        }

        private JsonObject End(JsonObject line, string reason, TokenUse use)
        {
            var total = time.GetElapsedTime(began);
            line["done"] = true;
            line["done_reason"] = reason is "length" ? "length" : "stop";
            line["total_duration"] = Nano(total);
            line["load_duration"] = 0;
            line["prompt_eval_count"] = use.Prompt;
            line["prompt_eval_duration"] = Nano(_first!.Value);
            line["eval_count"] = use.Completion;
            line["eval_duration"] = Nano(total - _first.Value);
            return line;
        }

        private static long Nano(TimeSpan span) => span.Ticks * 100;
    }

    /// <summary>An answer in lines. One that breaks off ends with a line that has an error, which clients throw.</summary>
    private sealed class Lines(Answer answer, Frame frame) : IResult
    {
        public async Task ExecuteAsync(HttpContext httpContext)
        {
            await using var reading = answer;
            var lines = new LineWriter(httpContext);
            try
            {
                while (await answer.NextAsync() is { } part)
                {
                    if (frame.Part(part) is { } line)
                    {
                        await lines.WriteAsync(line);
                    }
                }
            }
            catch (ModelFailure failure)
            {
                await lines.WriteAsync(OllamaErrors.Line(failure));
            }
        }
    }
}
