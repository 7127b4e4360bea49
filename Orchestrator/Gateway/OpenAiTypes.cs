using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Orchestrator.Gateway;

/// <summary>A conversation to answer: the part of OpenAI's chat completion request that the gateway reads. Other fields are ignored.</summary>
internal sealed record ChatRequest
{
    /// <summary>The model.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation.</summary>
    public IReadOnlyList<ChatTurn>? Messages { get; init; }

    /// <summary>Whether the answer comes as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>What goes with a streamed answer.</summary>
    public ChatStreamOptions? StreamOptions { get; init; }

    /// <summary>Texts by name that go with the request; the provider <c>builtin</c> reads <c>template</c> and <c>project_name</c>.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>What goes with a streamed answer.</summary>
internal sealed record ChatStreamOptions
{
    /// <summary>Whether a last event carries the usage.</summary>
    public bool IncludeUsage { get; init; }
}

/// <summary>A message of a conversation.</summary>
internal sealed record ChatTurn
{
    /// <summary>Who speaks: <c>system</c>, <c>user</c>, <c>assistant</c> and so on.</summary>
    public string? Role { get; init; }

    /// <summary>A text, or a list of parts of which those of type <c>text</c> are read.</summary>
    public JsonElement? Content { get; init; }

    /// <summary>The text of the message; empty when there is none.</summary>
    [JsonIgnore]
    public string Text => Content switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Select(TextOf)),
        _ => "",
    };

    private static string TextOf(JsonElement part) =>
        part.ValueKind is JsonValueKind.Object && part.TryGetProperty("text", out var text) && text.ValueKind is JsonValueKind.String ? text.GetString()! : "";
}

/// <summary>An answer, in OpenAI's shape.</summary>
internal sealed record ChatCompletion
{
    public required string Id { get; init; }

    public string Object { get; init; } = "chat.completion";

    public required long Created { get; init; }

    public required string Model { get; init; }

    public required IReadOnlyList<ChatChoice> Choices { get; init; }

    /// <summary>What it used. Null: an event of a stream before the last.</summary>
    public ChatUsage? Usage { get; init; }
}

/// <summary>One of the answers; there is always one.</summary>
internal sealed record ChatChoice
{
    public int Index { get; init; }

    /// <summary>The whole message. Null: the answer is streamed.</summary>
    public ChatMessageBody? Message { get; init; }

    /// <summary>The next part of the message. Null: the answer is not streamed.</summary>
    public ChatMessageBody? Delta { get; init; }

    /// <summary>Why it ended. Null: it goes on.</summary>
    public string? FinishReason { get; init; }
}

/// <summary>A message, or a part of one.</summary>
/// <param name="Role">Who speaks. Null: as in the part before.</param>
/// <param name="Content">The text. Null: none in this part.</param>
internal sealed record ChatMessageBody(string? Role, string? Content);

/// <summary>What an answer used.</summary>
/// <param name="PromptTokens">Tokens read.</param>
/// <param name="CompletionTokens">Tokens written.</param>
/// <param name="TotalTokens">Both.</param>
internal sealed record ChatUsage(long PromptTokens, long CompletionTokens, long TotalTokens);

/// <summary>The models, in OpenAI's shape.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">The models.</param>
internal sealed record ModelList(string Object, IReadOnlyList<ModelEntry> Data)
{
    public static ModelList Of(ChatProviders providers) => new("list", [.. providers.Models.Select(pair => new ModelEntry(pair.Model, "model", 0, pair.Owner))]);
}

/// <summary>A model.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">Always <c>model</c>.</param>
/// <param name="Created">When it was made, in Unix seconds; zero: not known.</param>
/// <param name="OwnedBy">The provider.</param>
internal sealed record ModelEntry(string Id, string Object, long Created, string OwnedBy);

/// <summary>A refusal, in OpenAI's shape.</summary>
/// <param name="Error">What is wrong.</param>
internal sealed record OpenAiError(OpenAiErrorBody Error);

/// <summary>What is wrong.</summary>
/// <param name="Message">One sentence.</param>
/// <param name="Type">The kind, for example <c>invalid_request_error</c>.</param>
/// <param name="Param">The field of the request. Null: not one field.</param>
/// <param name="Code">A stable code. Null: none.</param>
internal sealed record OpenAiErrorBody(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
