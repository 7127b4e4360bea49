using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>
/// Ollama in its own protocol, because only there the context can be set: <c>num_ctx</c> is computed for each call, and the tokens that the server says it read are held against
/// our estimate. Fewer than there can be is <see cref="FailureKind.ContextTruncated"/>.
/// </summary>
internal sealed class OllamaProvider(HttpClient http, string name, Uri address, string? keepAlive, Action<HttpRequestHeaders> authorize, TimeProvider time) : IModelProvider
{
    private const int LeastContext = 2048;
    private const long MostContext = 1 << 30;
    private const long LeastToJudge = 64;

    // Longer than a server keeps a model that nobody asks (five minutes, unless it is told otherwise).
    private static readonly TimeSpan s_kept = TimeSpan.FromMinutes(10);

    private readonly ProviderHttp _http = new(http, name, address, authorize);
    private readonly ConcurrentDictionary<string, (int Tokens, DateTimeOffset At)> _contexts = new(StringComparer.Ordinal);

    /// <summary>
    /// The context that a call gets: room for the conversation and the answer, rounded up to a power of two, and not less than the model needed in the last ten minutes, since a server
    /// loads a model again whose context changes. Not more than the model has.
    /// </summary>
    /// <param name="call">The call.</param>
    public int ContextFor(ProviderCall call)
    {
        var wanted = Math.Clamp(call.Estimate.Most + call.MaxTokens, LeastContext, MostContext);
        var needed = (int)BitOperations.RoundUpToPowerOf2((ulong)wanted);
        var now = time.GetUtcNow();
        var (tokens, _) = _contexts.AddOrUpdate(
            call.Model, _ => (needed, now), (_, last) => needed >= last.Tokens || now - last.At > s_kept ? (needed, now) : last);
        return Math.Min(tokens, call.ContextTokens ?? int.MaxValue);
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<AnswerPart> AnswerAsync(ProviderCall call, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var context = ContextFor(call);
        var calls = 0;
        await foreach (var line in _http.LinesAsync("/api/chat", RequestOf(call, context), cancellationToken))
        {
            var part = _http.Parse(line);
            if (part.ValueKind is not JsonValueKind.Object)
            {
                throw _http.Unreadable($"A part of its answer is not an object: '{line}'.");
            }

            if (part.TryGetProperty("error", out var error))
            {
                throw _http.InStream(error.ToString());
            }

            if (part.TryGetProperty("message", out var message))
            {
                call.Heard?.Invoke("");
                if (Json.Text(message, "thinking") is { Length: > 0 } thought)
                {
                    yield return new AnswerPart.Thought(thought);
                }

                if (Json.Text(message, "content") is { Length: > 0 } text)
                {
                    yield return new AnswerPart.Text(text);
                }

                foreach (var made in Json.Items(message, "tool_calls"))
                {
                    var found = CallOf(made, calls++);
                    call.Heard?.Invoke(found.Arguments);
                    yield return new AnswerPart.Call(found);
                }
            }

            if (Json.Flag(part, "done"))
            {
                yield return EndOf(part, call, context, calls);
                yield break;
            }
        }

        throw _http.Cut();
    }

    /// <inheritdoc />
    public async Task<Vectors> EmbedAsync(string model, IReadOnlyList<string> texts, int? dimensions, CancellationToken cancellationToken)
    {
        // A text that is cut would be found by the wrong words: the server refuses it instead.
        var body = new JsonObject { ["model"] = model, ["input"] = new JsonArray([.. texts.Select(text => JsonValue.Create(text))]), ["truncate"] = false };
        if (dimensions is { } length)
        {
            body["dimensions"] = length;
        }

        var answer = await _http.JsonAsync(HttpMethod.Post, "/api/embed", body, cancellationToken);
        return new Vectors(_http.VectorsOf(Json.Items(answer, "embeddings"), texts.Count), Json.Long(answer, "prompt_eval_count"));
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<FoundModel>> ListAsync(CancellationToken cancellationToken)
    {
        var answer = await _http.JsonAsync(HttpMethod.Get, "/api/tags", null, cancellationToken);
        return [.. Json.Items(answer, "models").Select(Found)];
    }

    /// <inheritdoc />
    public async Task<ModelAbility?> ProbeAsync(string model, CancellationToken cancellationToken)
    {
        var answer = await _http.JsonAsync(HttpMethod.Post, "/api/show", new JsonObject { ["model"] = model }, cancellationToken);
        int? context = null;
        if (answer.TryGetProperty("model_info", out var about) && about.ValueKind is JsonValueKind.Object)
        {
            context = (int?)about.EnumerateObject().Where(field => field.Name.EndsWith(".context_length", StringComparison.Ordinal) && field.Value.ValueKind is JsonValueKind.Number)
                .Select(field => (long?)field.Value.GetInt64()).FirstOrDefault();
        }

        var capabilities = Json.Items(answer, "capabilities").Select(word => word.ToString()).ToList();
        // Servers before 0.6 do not say what their models can do; every one since 0.5 holds answers to a schema.
        return new ModelAbility(context, capabilities.Count > 0 ? capabilities.Contains("tools") : null, true, capabilities);
    }

    /// <summary>Lets the server fetch a model; the lines say how far it is, the last one <c>success</c>.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cancellationToken">Ends the work; what was fetched is kept by the server.</param>
    public async IAsyncEnumerable<JsonElement> PullAsync(string model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var isDone = false;
        await foreach (var line in _http.LinesAsync("/api/pull", new JsonObject { ["model"] = model, ["stream"] = true }, cancellationToken))
        {
            var progress = _http.Parse(line);
            if (Json.Text(progress, "error") is { } error)
            {
                throw new ModelFailure(FailureKind.ModelMissing, $"{_http.Who} cannot pull '{model}': {error}");
            }

            isDone |= Json.Text(progress, "status") is "success";
            yield return progress;
        }

        if (!isDone)
        {
            throw _http.Cut();
        }
    }

    private static FoundModel Found(JsonElement model)
    {
        model.TryGetProperty("details", out var details);
        return new FoundModel(Json.Text(model, "name") ?? Json.Text(model, "model") ?? "")
        {
            Size = Json.Long(model, "size") ?? 0,
            Digest = Json.Text(model, "digest"),
            ModifiedAt = DateTimeOffset.TryParse(Json.Text(model, "modified_at"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) ? at : null,
            Family = Json.Text(details, "family"),
            Parameters = Json.Text(details, "parameter_size"),
            Quantization = Json.Text(details, "quantization_level"),
        };
    }

    private static ToolCall CallOf(JsonElement made, int index)
    {
        made.TryGetProperty("function", out var function);
        var arguments = function.ValueKind is JsonValueKind.Object && function.TryGetProperty("arguments", out var given) ? given : default;
        var text = arguments.ValueKind switch { JsonValueKind.Undefined or JsonValueKind.Null => "{}", JsonValueKind.String => arguments.GetString()!, _ => arguments.GetRawText() };
        return new ToolCall(Json.Text(made, "id") ?? $"call_{index}", Json.Text(function, "name") ?? "", text);
    }

    private AnswerPart.End EndOf(JsonElement part, ProviderCall call, int context, int calls)
    {
        var read = Json.Long(part, "prompt_eval_count");
        var written = Json.Long(part, "eval_count");
        if (read is { } tokens && call.Estimate.Least > LeastToJudge && tokens < call.Estimate.Least * 9 / 10)
        {
            throw new ModelFailure(
                FailureKind.ContextTruncated,
                $"{_http.Who} read only {tokens} tokens of a conversation that has at least {call.Estimate.Least}: it cut the conversation, and the answer is worth nothing. It was asked for a context of {context} tokens (num_ctx). "
                + $"Give the server more memory or a larger OLLAMA_CONTEXT_LENGTH, or set 'context' of the model '{call.Model}' to what it really has, so that longer conversations go elsewhere.");
        }

        var reason = Json.Text(part, "done_reason") switch { "length" => "length", _ when calls > 0 => "tool_calls", _ => "stop" };
        return new AnswerPart.End(reason, read is null && written is null ? null : new TokenUse(read ?? call.Estimate.Likely, written ?? 0));
    }

    private JsonObject RequestOf(ProviderCall call, int context)
    {
        var chat = call.Chat;
        var options = new JsonObject();
        foreach (var (field, value) in chat.OllamaOptions ?? new Dictionary<string, JsonElement>())
        {
            options[field] = JsonNode.Parse(value.GetRawText());
        }

        Json.Set(options, "temperature", chat.Temperature);
        Json.Set(options, "top_p", chat.TopP);
        Json.Set(options, "seed", chat.Seed);
        options["num_predict"] = call.MaxTokens;
        options["num_ctx"] = context;
        if (chat.Stop.Count > 0)
        {
            options["stop"] = new JsonArray([.. chat.Stop.Select(text => JsonValue.Create(text))]);
        }

        var body = new JsonObject { ["model"] = call.Model, ["stream"] = true, ["messages"] = new JsonArray([.. chat.Turns.Select(MessageOf)]), ["options"] = options };
        if (chat.Tools.Count > 0 && chat.ToolChoice is not "none")
        {
            body["tools"] = Json.ToolsOf(chat.Tools);
        }

        if (chat.Format is { } format)
        {
            body["format"] = format.Schema is { } schema ? JsonNode.Parse(schema.GetRawText()) : JsonValue.Create("json");
        }

        if (keepAlive is not null)
        {
            body["keep_alive"] = keepAlive;
        }

        return body;
    }

    private static JsonObject MessageOf(Turn turn)
    {
        var message = new JsonObject { ["role"] = turn.Role, ["content"] = turn.Text };
        if (turn.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. turn.Calls.Select(call => new JsonObject
            {
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = LooseJson.Object(call.Arguments) ?? [] },
            })]);
        }

        if (turn is { Role: "tool", ToolName: { } tool })
        {
            message["tool_name"] = tool;
        }

        if (turn.Pictures.Count > 0)
        {
            message["images"] = new JsonArray([.. turn.Pictures.Select(picture => JsonValue.Create(
                picture.Base64 ?? throw ModelFailure.Request("Ollama takes pictures in the request only. Send a data: URL instead of an address.", "messages")))]);
        }

        return message;
    }
}
