using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>Reads a request for a response into a conversation.</summary>
internal static class ResponseReader
{
    /// <summary>Reads a request.</summary>
    /// <param name="request">The request.</param>
    /// <param name="before">The conversation until now, when it goes on from another response.</param>
    /// <exception cref="ModelFailure">It is wrong; the message says where.</exception>
    public static ChatCall Read(ResponseRequest request, IReadOnlyList<Turn> before)
    {
        List<Turn> turns = [.. before.Where(turn => turn.Role is not "system" || request.Instructions is null), .. InputOf(request.Input)];
        if (turns.Count == 0)
        {
            throw ModelFailure.Request("'input' is missing or empty. Send a text or a list of items.", "input");
        }

        if (request.Instructions is { Length: > 0 } instructions)
        {
            turns.Insert(0, new Turn("system", instructions));
        }

        var tools = (request.Tools ?? []).Select(ToolOf).ToList();
        return new ChatCall
        {
            Turns = turns,
            Tools = tools,
            ToolChoice = ChatReader.ChoiceOf(request.ToolChoice, "tool_choice", tools.Select(tool => tool.Name)),
            Format = request.Text is { } text && Json.Find(text, "format") is { } format ? FormatOf(format) : null,
            Temperature = request.Temperature,
            TopP = request.TopP,
            MaxTokens = request.MaxOutputTokens,
            Effort = request.Reasoning is { } reasoning ? Json.Text(reasoning, "effort") : null,
            Metadata = request.Metadata,
        };
    }

    /// <summary>The fields of a response that repeat its request.</summary>
    public static JsonObject FrameOf(string id, ResponseRequest request, DateTimeOffset now) => new()
    {
        ["id"] = id,
        ["object"] = "response",
        ["created_at"] = now.ToUnixTimeSeconds(),
        ["model"] = request.Model,
        ["instructions"] = request.Instructions,
        ["metadata"] = new JsonObject((request.Metadata ?? new Dictionary<string, string>()).Select(pair => KeyValuePair.Create(pair.Key, (JsonNode?)JsonValue.Create(pair.Value)))),
        ["parallel_tool_calls"] = true,
        ["previous_response_id"] = request.PreviousResponseId,
        ["temperature"] = request.Temperature,
        ["top_p"] = request.TopP,
        ["max_output_tokens"] = request.MaxOutputTokens,
        ["tool_choice"] = request.ToolChoice is { } choice ? JsonNode.Parse(choice.GetRawText()) : JsonValue.Create("auto"),
        ["tools"] = new JsonArray([.. (request.Tools ?? []).Select(tool => JsonNode.Parse(tool.GetRawText()))]),
        ["text"] = request.Text is { } text ? JsonNode.Parse(text.GetRawText()) : new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
    };

    private static IEnumerable<Turn> InputOf(JsonElement? input) => input switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => [],
        { ValueKind: JsonValueKind.String } text => text.GetString()!.Length > 0 ? [new Turn("user", text.GetString()!)] : [],
        { ValueKind: JsonValueKind.Array } items => [.. items.EnumerateArray().Select((item, index) => ItemOf(item, $"input[{index}]")).OfType<Turn>()],
        _ => throw ModelFailure.Request("'input' is neither a text nor a list of items.", "input"),
    };

    private static Turn? ItemOf(JsonElement item, string field)
    {
        switch (Json.Text(item, "type"))
        {
            case "function_call":
                return new Turn("assistant", "") { Calls = [new ToolCall(Json.Text(item, "call_id") ?? "", Json.Text(item, "name") ?? "", Json.Text(item, "arguments") ?? "{}")] };
            case "function_call_output":
                var output = Json.Find(item, "output");
                return new Turn("tool", output is { ValueKind: JsonValueKind.String } text ? text.GetString()! : output?.GetRawText() ?? "") { CallId = Json.Text(item, "call_id") };
            case "reasoning":
                return null;
            case null or "message" when Json.Text(item, "role") is { } role:
                var (said, pictures) = ChatReader.ContentOf(Json.Find(item, "content"), $"{field}.content");
                return new Turn(role is "developer" ? "system" : role, said) { Pictures = pictures };
            case var type:
                throw ModelFailure.Request($"'{field}' is of type '{type}'. Messages, function_call and function_call_output are read.", field);
        }
    }

    private static ToolSpec ToolOf(JsonElement tool, int index) => Json.Text(tool, "type") is "function" && Json.Text(tool, "name") is { Length: > 0 } name
        ? new ToolSpec(name, Json.Text(tool, "description"), Json.Find(tool, "parameters"))
        : throw ModelFailure.Request($"'tools[{index}]' is of type '{Json.Text(tool, "type")}'. Functions with a name are offered to models; OpenAI's own tools are not here.", $"tools[{index}]");

    private static AnswerFormat? FormatOf(JsonElement format) => Json.Text(format, "type") switch
    {
        "json_object" => new AnswerFormat(null),
        "json_schema" => new AnswerFormat(Json.Find(format, "schema"), Json.Text(format, "name")),
        _ => null,
    };
}

/// <summary>A request for a response: the part of OpenAI's that the gateway reads.</summary>
internal sealed record ResponseRequest
{
    /// <summary>The model, or an alias.</summary>
    public string? Model { get; init; }

    /// <summary>A text, or a list of messages, calls and their results.</summary>
    public JsonElement? Input { get; init; }

    /// <summary>What goes before the conversation.</summary>
    public string? Instructions { get; init; }

    /// <summary>The response that this one goes on from.</summary>
    public string? PreviousResponseId { get; init; }

    /// <summary>Whether the answer comes as events.</summary>
    public bool? Stream { get; init; }

    /// <summary>Whether it is made while nobody waits.</summary>
    public bool? Background { get; init; }

    /// <summary>Whether it can be asked for afterwards. Null: it can.</summary>
    public bool? Store { get; init; }

    /// <summary>The functions that may be called.</summary>
    public IReadOnlyList<JsonElement>? Tools { get; init; }

    /// <summary>Which of them.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary>The form of the text.</summary>
    public JsonElement? Text { get; init; }

    /// <summary>How much the model thinks.</summary>
    public JsonElement? Reasoning { get; init; }

    /// <summary>0 to 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>0 to 1.</summary>
    public double? TopP { get; init; }

    /// <summary>The most tokens of the answer.</summary>
    public int? MaxOutputTokens { get; init; }

    /// <summary>Texts by name.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}
