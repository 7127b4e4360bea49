using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>OpenAI and the servers that speak its chat completions (llama.cpp, vLLM, LM Studio). The address includes <c>/v1</c>. A server that answers whole although a stream was asked for is understood.</summary>
internal sealed class OpenAiProvider(HttpClient http, string name, Uri address, Action<HttpRequestHeaders> authorize) : IModelProvider
{
    private readonly ProviderHttp _http = new(http, name, address, authorize);

    /// <inheritdoc />
    public async IAsyncEnumerable<AnswerPart> AnswerAsync(ProviderCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var calls = new SortedDictionary<int, CallInParts>();
        string? reason = null;
        TokenUse? use = null;
        var isDone = false;
        var whole = new StringBuilder();
        await foreach (var line in _http.LinesAsync("/chat/completions", RequestOf(call), cancellationToken))
        {
            if (DataOf(line, whole) is not { } data)
            {
                continue;
            }

            if (data is "[DONE]")
            {
                isDone = true;
                break;
            }

            foreach (var part in Read(_http.Parse(data), call.Heard, calls, ref reason, ref use))
            {
                yield return part;
            }
        }

        if (whole.Length > 0 && reason is null)
        {
            foreach (var part in Read(_http.Parse(whole.ToString()), call.Heard, calls, ref reason, ref use))
            {
                yield return part;
            }
        }

        if (reason is null && !(isDone && calls.Count > 0))
        {
            throw _http.Cut();
        }

        foreach (var (index, made) in calls)
        {
            yield return new AnswerPart.Call(new ToolCall(made.Id ?? $"call_{index}", made.Name, made.Arguments.Length == 0 ? "{}" : made.Arguments.ToString()));
        }

        yield return new AnswerPart.End(calls.Count > 0 ? "tool_calls" : reason is "length" or "content_filter" ? reason : "stop", use);
    }

    /// <inheritdoc />
    public async Task<Vectors> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions, CancellationToken cancellationToken)
    {
        var body = new JsonObject { ["model"] = model, ["input"] = new JsonArray([.. texts.Select(text => JsonValue.Create(text))]), ["encoding_format"] = "float" };
        Json.Set(body, "dimensions", dimensions);
        var answer = await _http.JsonAsync(HttpMethod.Post, "/embeddings", body, cancellationToken);
        var vectors = _http.VectorsOf(Json.Items(answer, "data").OrderBy(item => Json.Long(item, "index") ?? 0).Select(item => Json.Find(item, "embedding") ?? default), texts.Count);
        var used = Json.Find(answer, "usage") is { } usage ? Json.Long(usage, "prompt_tokens") : null;
        return new Vectors(vectors, used);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<FoundModel>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await _http.JsonAsync(HttpMethod.Get, "/models", null, cancellationToken);
        return [.. Json.Items(answer, "data").Select(model => Json.Text(model, "id")).OfType<string>().Select(id => new FoundModel(id))];
    }

    /// <inheritdoc />
    public Task<ModelAbility?> ProbeAsync(string model, CancellationToken cancellationToken) => Task.FromResult<ModelAbility?>(null);

    // A line of a stream, or one of a whole answer, which is collected.
    private static string? DataOf(string line, StringBuilder whole)
    {
        if (line.StartsWith("data:", StringComparison.Ordinal))
        {
            return line[5..].TrimStart();
        }

        if (whole.Length > 0 || line.TrimStart() is ['{', ..])
        {
            whole.AppendLine(line);
        }

        return null;
    }

    private List<AnswerPart> Read(JsonElement chunk, Action<string>? heard, SortedDictionary<int, CallInParts> calls, ref string? reason, ref TokenUse? use)
    {
        if (Json.Find(chunk, "error") is { } error)
        {
            throw _http.InStream(Json.Text(error, "message") ?? error.ToString());
        }

        var parts = new List<AnswerPart>();
        if (Json.Find(chunk, "usage") is { } usage && Json.Long(usage, "prompt_tokens") is { } prompt)
        {
            use = new TokenUse(prompt, Json.Long(usage, "completion_tokens") ?? 0);
        }

        foreach (var choice in Json.Items(chunk, "choices").Take(1))
        {
            heard?.Invoke("");
            var message = Json.Find(choice, "delta") ?? Json.Find(choice, "message") ?? default;
            if ((Json.Text(message, "reasoning_content") ?? Json.Text(message, "reasoning")) is { Length: > 0 } thought)
            {
                parts.Add(new AnswerPart.Thought(thought));
            }

            if ((Json.Text(message, "content") ?? Json.Text(message, "refusal")) is { Length: > 0 } text)
            {
                parts.Add(new AnswerPart.Text(text));
            }

            foreach (var (position, made) in Json.Items(message, "tool_calls").Index())
            {
                heard?.Invoke(Collect(made, (int)(Json.Long(made, "index") ?? position), calls));
            }

            reason = Json.Text(choice, "finish_reason") ?? reason;
        }

        return parts;
    }

    // Gives what came of the arguments.
    private static string Collect(JsonElement made, int index, SortedDictionary<int, CallInParts> calls)
    {
        if (!calls.TryGetValue(index, out var call))
        {
            calls[index] = call = new CallInParts();
        }

        call.Id ??= Json.Text(made, "id");
        if (Json.Find(made, "function") is not { } function)
        {
            return "";
        }

        var more = Json.Text(function, "arguments") ?? "";
        call.Name += Json.Text(function, "name");
        call.Arguments.Append(more);
        return more;
    }

    private JsonObject RequestOf(ProviderCall call)
    {
        var chat = call.Chat;
        var body = new JsonObject
        {
            ["model"] = call.Model,
            ["messages"] = new JsonArray([.. chat.Turns.Select(MessageOf)]),
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
            // OpenAI's reasoning models refuse the older name, and some compatible servers do not know the newer one.
            [address.Host.EndsWith("openai.com", StringComparison.OrdinalIgnoreCase) ? "max_completion_tokens" : "max_tokens"] = call.MaxTokens,
        };
        Json.Set(body, "temperature", chat.Temperature);
        Json.Set(body, "top_p", chat.TopP);
        Json.Set(body, "seed", chat.Seed);
        if (chat.Stop.Count > 0)
        {
            body["stop"] = new JsonArray([.. chat.Stop.Select(text => JsonValue.Create(text))]);
        }

        if (chat.Effort is not null)
        {
            body["reasoning_effort"] = chat.Effort;
        }

        if (chat.Tools.Count > 0)
        {
            body["tools"] = Json.ToolsOf(chat.Tools);
            body["tool_choice"] = chat.ToolChoice is null or "auto" or "none" or "required"
                ? chat.ToolChoice ?? "auto"
                : new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = chat.ToolChoice } };
        }

        if (chat.Format is { } format)
        {
            body["response_format"] = format.Schema is null
                ? new JsonObject { ["type"] = "json_object" }
                : new JsonObject { ["type"] = "json_schema", ["json_schema"] = new JsonObject { ["name"] = format.Name ?? "answer", ["schema"] = Json.Schema(format.Schema), ["strict"] = true } };
        }

        return body;
    }

    private static JsonObject MessageOf(Turn turn)
    {
        var message = new JsonObject { ["role"] = turn.Role, ["content"] = turn.Pictures.Count == 0 ? JsonValue.Create(turn.Text) : ContentOf(turn) };
        if (turn.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. turn.Calls.Select(call => new JsonObject
            {
                ["id"] = call.Id,
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
            })]);
        }

        if (turn.Role is "tool")
        {
            message["tool_call_id"] = turn.CallId ?? turn.ToolName ?? "";
        }

        return message;
    }

    private static JsonArray ContentOf(Turn turn) => new([
        new JsonObject { ["type"] = "text", ["text"] = turn.Text },
        .. turn.Pictures.Select(picture => new JsonObject
        {
            ["type"] = "image_url",
            ["image_url"] = new JsonObject { ["url"] = picture.Url ?? $"data:{picture.MediaType};base64,{picture.Base64}" },
        }),
    ]);

    private sealed class CallInParts
    {
        public string? Id { get; set; }

        public string Name { get; set; } = "";

        public StringBuilder Arguments { get; } = new();
    }
}
