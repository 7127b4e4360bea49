using System.Text.Json;
using Microsoft.Extensions.AI;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>OpenAI's chat completions on the wire, as much as agents use of them, and its translation.</summary>
internal static class ChatWire
{
    private static readonly JsonElement s_noParameters = JsonSerializer.SerializeToElement(new { type = "object", properties = new { } });

    /// <summary>Writes a request.</summary>
    public static Request RequestOf(IEnumerable<ChatMessage> messages, ChatOptions? options, bool stream)
    {
        // Some servers give every answer's calls the same ids; the last one of an id is the one that is answered.
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        var turns = messages.SelectMany(message => TurnsOf(message, names));
        var metadata = options?.AdditionalProperties?.Where(pair => pair.Value is string && pair.Key != GatewayChatClient.StepProperty).ToDictionary(pair => pair.Key, pair => (string)pair.Value!);
        return new Request
        {
            Model = options?.ModelId ?? GatewayChatClient.DefaultModel,
            Messages = options?.Instructions is { Length: > 0 } instructions ? [new Turn { Role = "system", Content = instructions }, .. turns] : [.. turns],
            Tools = options?.Tools is { Count: > 0 } tools ? [.. tools.OfType<AIFunctionDeclaration>().Select(ToolOf)] : null,
            ToolChoice = options?.Tools is { Count: > 0 } ? ChoiceOf(options.ToolMode) : null,
            ResponseFormat = FormatOf(options?.ResponseFormat),
            Stream = stream ? true : null,
            StreamOptions = stream ? JsonSerializer.SerializeToElement(new { include_usage = true }) : null,
            Temperature = options?.Temperature,
            TopP = options?.TopP,
            MaxTokens = options?.MaxOutputTokens,
            Seed = options?.Seed,
            Stop = options?.StopSequences,
            Metadata = metadata is { Count: > 0 } ? metadata : null,
        };
    }

    /// <summary>Reads a message of the model.</summary>
    public static IEnumerable<AIContent> ContentsOf(Turn? message)
    {
        var calls = message?.ToolCalls ?? [];
        if (calls.Count == 0 || message?.Content is { Length: > 0 })
        {
            yield return new TextContent(message?.Content ?? "");
        }

        foreach (var (call, index) in calls.Select((call, index) => (call, index)))
        {
            yield return CallOf(call.Id ?? $"call_{index}", call.Function?.Name ?? "", call.Function?.Arguments ?? "");
        }
    }

    /// <summary>Reads a call; when its arguments are no JSON object, the exception says why and the raw representation is what the model wrote.</summary>
    public static FunctionCallContent CallOf(string id, string name, string arguments)
    {
        var call = FunctionCallContent.CreateFromParsedArguments(
            arguments, id, name, static text => string.IsNullOrWhiteSpace(text) ? [] : JsonSerializer.Deserialize<Dictionary<string, object?>>(text) ?? throw new JsonException("The arguments are null."));
        call.RawRepresentation = arguments;
        return call;
    }

    private static IEnumerable<Turn> TurnsOf(ChatMessage message, Dictionary<string, string> names)
    {
        foreach (var call in message.Contents.OfType<FunctionCallContent>())
        {
            names[call.CallId] = call.Name;
        }

        var results = message.Contents.OfType<FunctionResultContent>().ToList();
        foreach (var result in results)
        {
            yield return new Turn { Role = "tool", ToolCallId = result.CallId, Name = names.GetValueOrDefault(result.CallId), Content = result.Result as string ?? JsonSerializer.Serialize(result.Result, StackJson.Options) };
        }

        if (results.Count > 0)
        {
            yield break;
        }

        var calls = message.Contents.OfType<FunctionCallContent>().Select(call => new ToolCall
        {
            Id = call.CallId,
            Type = "function",
            Function = new CalledFunction { Name = call.Name, Arguments = call.RawRepresentation as string ?? JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), StackJson.Options) },
        }).ToList();
        yield return new Turn { Role = message.Role.Value, Content = message.Text.Length > 0 || calls.Count == 0 ? message.Text : null, ToolCalls = calls.Count > 0 ? calls : null };
    }

    private static JsonElement ToolOf(AIFunctionDeclaration tool) => JsonSerializer.SerializeToElement(new
    {
        type = "function",
        function = new { name = tool.Name, description = tool.Description, parameters = tool.JsonSchema.ValueKind is JsonValueKind.Object ? tool.JsonSchema : s_noParameters },
    });

    private static JsonElement? ChoiceOf(ChatToolMode? mode) => mode switch
    {
        NoneChatToolMode => JsonSerializer.SerializeToElement("none"),
        RequiredChatToolMode { RequiredFunctionName: { } name } => JsonSerializer.SerializeToElement(new { type = "function", function = new { name } }),
        RequiredChatToolMode => JsonSerializer.SerializeToElement("required"),
        _ => null,
    };

    private static JsonElement? FormatOf(ChatResponseFormat? format) => format switch
    {
        ChatResponseFormatJson { Schema: { } schema } json => JsonSerializer.SerializeToElement(new { type = "json_schema", json_schema = new { name = json.SchemaName ?? "answer", schema } }),
        ChatResponseFormatJson => JsonSerializer.SerializeToElement(new { type = "json_object" }),
        _ => null,
    };

    internal sealed record Request
    {
        public required string Model { get; init; }

        public required IReadOnlyList<Turn> Messages { get; init; }

        public IReadOnlyList<JsonElement>? Tools { get; init; }

        public JsonElement? ToolChoice { get; init; }

        public JsonElement? ResponseFormat { get; init; }

        public bool? Stream { get; init; }

        public JsonElement? StreamOptions { get; init; }

        public float? Temperature { get; init; }

        public float? TopP { get; init; }

        public int? MaxTokens { get; init; }

        public long? Seed { get; init; }

        public IList<string>? Stop { get; init; }

        public IReadOnlyDictionary<string, string>? Metadata { get; init; }
    }

    internal sealed record Turn
    {
        public string? Role { get; init; }

        public string? Content { get; init; }

        public IReadOnlyList<ToolCall>? ToolCalls { get; init; }

        public string? ToolCallId { get; init; }

        public string? Name { get; init; }
    }

    internal sealed record ToolCall
    {
        public int? Index { get; init; }

        public string? Id { get; init; }

        public string? Type { get; init; }

        public CalledFunction? Function { get; init; }
    }

    internal sealed record CalledFunction
    {
        public string? Name { get; init; }

        public string? Arguments { get; init; }
    }

    internal sealed record Completion(string? Id, string? Model, IReadOnlyList<Choice>? Choices, CompletionUsage? Usage, CompletionError? Error);

    internal sealed record Choice(Turn? Message, Turn? Delta, string? FinishReason);

    internal sealed record CompletionUsage
    {
        public long PromptTokens { get; init; }

        public long CompletionTokens { get; init; }

        /// <summary>Dollars.</summary>
        public decimal Cost { get; init; }
    }

    internal sealed record ErrorAnswer(CompletionError? Error);

    internal sealed record CompletionError(string? Message, string? Code);
}
