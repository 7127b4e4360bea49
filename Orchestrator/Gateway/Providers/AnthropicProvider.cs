using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>Anthropic's messages. The address includes <c>/v1</c>. A form of the answer is asked for in words, since the protocol has none; there are no embeddings.</summary>
internal sealed class AnthropicProvider(HttpClient http, string name, Uri address, Action<HttpRequestHeaders> authorize) : IModelProvider
{
    /// <summary>The version of the protocol, which every request names.</summary>
    public const string Version = "2023-06-01";

    private readonly ProviderHttp _http = new(http, name, address, authorize);

    /// <inheritdoc />
    public async IAsyncEnumerable<AnswerPart> AnswerAsync(ProviderCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var state = new Reading();
        await foreach (var line in _http.LinesAsync("/messages", RequestOf(call), cancellationToken))
        {
            if (!line.StartsWith("data:", StringComparison.Ordinal))
            {
                // The event's name stands in its data too; a body that is no stream at all is an error of somebody in between.
                if (line[0] == '{')
                {
                    throw _http.Unreadable($"It sent '{line}' instead of events.");
                }

                continue;
            }

            var part = Read(_http.Parse(line[5..]), call.Heard, state);
            if (part is not null)
            {
                yield return part;
            }

            if (part is AnswerPart.End)
            {
                yield break;
            }
        }

        throw _http.Cut();
    }

    /// <inheritdoc />
    public Task<Vectors> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions, CancellationToken cancellationToken) =>
        throw ModelFailure.Request($"Anthropic has no embeddings, so '{model}' makes none. Use a model of another provider.", "model");

    /// <inheritdoc />
    public async Task<IReadOnlyList<FoundModel>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await _http.JsonAsync(HttpMethod.Get, "/models", null, cancellationToken);
        return [.. Json.Items(answer, "data").Select(model => Json.Text(model, "id")).OfType<string>().Select(id => new FoundModel(id))];
    }

    /// <inheritdoc />
    public Task<ModelAbility?> ProbeAsync(string model, CancellationToken cancellationToken) => Task.FromResult<ModelAbility?>(null);

    private AnswerPart? Read(JsonElement data, Action<string>? heard, Reading state)
    {
        switch (Json.Text(data, "type"))
        {
            case "message_start":
                heard?.Invoke("");
                state.Prompt = Json.Find(data, "message") is { } message && Json.Find(message, "usage") is { } usage
                    ? (Json.Long(usage, "input_tokens") ?? 0) + (Json.Long(usage, "cache_read_input_tokens") ?? 0) + (Json.Long(usage, "cache_creation_input_tokens") ?? 0)
                    : 0;
                return null;
            case "content_block_start" when Json.Find(data, "content_block") is { } block && Json.Text(block, "type") is "tool_use":
                (state.CallId, state.CallName) = (Json.Text(block, "id") ?? $"call_{state.Calls}", Json.Text(block, "name") ?? "");
                state.Arguments.Clear();
                return null;
            case "content_block_delta" when Json.Find(data, "delta") is { } delta:
                var more = Json.Text(delta, "partial_json") ?? "";
                state.Arguments.Append(more);
                heard?.Invoke(more);
                return Json.Text(delta, "text") is { Length: > 0 } text ? new AnswerPart.Text(text)
                    : Json.Text(delta, "thinking") is { Length: > 0 } thought ? new AnswerPart.Thought(thought)
                    : null;
            case "content_block_stop" when state.CallId is { } id:
                state.CallId = null;
                state.Calls++;
                return new AnswerPart.Call(new ToolCall(id, state.CallName, state.Arguments.Length == 0 ? "{}" : state.Arguments.ToString()));
            case "message_delta":
                state.Reason = Json.Find(data, "delta") is { } end ? Json.Text(end, "stop_reason") ?? state.Reason : state.Reason;
                state.Completion = Json.Find(data, "usage") is { } used ? Json.Long(used, "output_tokens") ?? state.Completion : state.Completion;
                return null;
            case "message_stop":
                return new AnswerPart.End(
                    state.Reason switch { "max_tokens" => "length", "tool_use" => "tool_calls", "refusal" => "content_filter", _ => "stop" }, new TokenUse(state.Prompt, state.Completion));
            case "error":
                throw _http.InStream(Json.Find(data, "error") is { } error ? Json.Text(error, "message") ?? error.ToString() : data.ToString());
            default:
                return null;
        }
    }

    private static JsonObject RequestOf(ProviderCall call)
    {
        var chat = call.Chat;
        var system = string.Join("\n\n", chat.Turns.Where(turn => turn.Role is "system").Select(turn => turn.Text).Append(FormatText(chat.Format)).Where(text => text.Length > 0));
        var body = new JsonObject { ["model"] = call.Model, ["max_tokens"] = call.MaxTokens, ["stream"] = true, ["messages"] = MessagesOf(chat.Turns) };
        if (system.Length > 0)
        {
            body["system"] = system;
        }

        Json.Set<double>(body, "temperature", chat.Temperature is { } warmth ? Math.Min(warmth, 1) : null);
        Json.Set(body, "top_p", chat.TopP);
        if (chat.Stop.Count > 0)
        {
            body["stop_sequences"] = new JsonArray([.. chat.Stop.Select(text => JsonValue.Create(text))]);
        }

        if (chat.Tools.Count > 0)
        {
            body["tools"] = new JsonArray([.. chat.Tools.Select(tool => new JsonObject { ["name"] = tool.Name, ["description"] = tool.Description ?? "", ["input_schema"] = Json.Schema(tool.Parameters) })]);
            body["tool_choice"] = chat.ToolChoice switch
            {
                null or "auto" => new JsonObject { ["type"] = "auto" },
                "none" => new JsonObject { ["type"] = "none" },
                "required" => new JsonObject { ["type"] = "any" },
                var tool => new JsonObject { ["type"] = "tool", ["name"] = tool },
            };
        }

        return body;
    }

    private static string FormatText(AnswerFormat? format) => format switch
    {
        null => "",
        { Schema: { } schema } => $"Answer with one JSON value that fits this JSON schema, and with nothing else: {schema.GetRawText()}",
        _ => "Answer with one JSON object, and with nothing else.",
    };

    // Results of tools are the user's there, and neighbours of one role are one message.
    private static JsonArray MessagesOf(IReadOnlyList<Turn> turns)
    {
        var messages = new JsonArray();
        foreach (var turn in turns.Where(turn => turn.Role is not "system"))
        {
            var role = turn.Role is "assistant" ? "assistant" : "user";
            if (messages.Count == 0 || (string?)messages[^1]!["role"] != role)
            {
                messages.Add(new JsonObject { ["role"] = role, ["content"] = new JsonArray() });
            }

            var content = messages[^1]!["content"]!.AsArray();
            foreach (var block in BlocksOf(turn))
            {
                content.Add(block);
            }
        }

        return messages;
    }

    private static IEnumerable<JsonNode> BlocksOf(Turn turn)
    {
        if (turn.Role is "tool")
        {
            yield return new JsonObject { ["type"] = "tool_result", ["tool_use_id"] = turn.CallId ?? turn.ToolName ?? "", ["content"] = turn.Text };
            yield break;
        }

        if (turn.Text.Length > 0)
        {
            yield return new JsonObject { ["type"] = "text", ["text"] = turn.Text };
        }

        foreach (var picture in turn.Pictures)
        {
            yield return new JsonObject
            {
                ["type"] = "image",
                ["source"] = picture.Base64 is { } content
                    ? new JsonObject { ["type"] = "base64", ["media_type"] = picture.MediaType, ["data"] = content }
                    : new JsonObject { ["type"] = "url", ["url"] = picture.Url },
            };
        }

        foreach (var call in turn.Calls)
        {
            yield return new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Name, ["input"] = LooseJson.Object(call.Arguments) ?? [] };
        }
    }

    private sealed class Reading
    {
        public long Prompt { get; set; }

        public long Completion { get; set; }

        public string? Reason { get; set; }

        public string? CallId { get; set; }

        public string CallName { get; set; } = "";

        public int Calls { get; set; }

        public StringBuilder Arguments { get; } = new();
    }
}
