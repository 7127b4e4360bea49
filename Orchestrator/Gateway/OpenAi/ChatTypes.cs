using System.Text.Json;
using System.Text.Json.Serialization;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>A conversation to answer: the part of OpenAI's chat completion request that the gateway reads. Other fields are ignored.</summary>
internal sealed record ChatRequest
{
    /// <summary>The model, or an alias.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation.</summary>
    public IReadOnlyList<ChatTurn>? Messages { get; init; }

    /// <summary>Whether the answer comes as server-sent events.</summary>
    public bool? Stream { get; init; }

    /// <summary>What goes with a streamed answer.</summary>
    public ChatStreamOptions? StreamOptions { get; init; }

    /// <summary>The tools that may be called.</summary>
    public IReadOnlyList<ChatTool>? Tools { get; init; }

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c>, or an object that names a function.</summary>
    public JsonElement? ToolChoice { get; init; }

    /// <summary><c>text</c>, <c>json_object</c> or <c>json_schema</c>.</summary>
    public JsonElement? ResponseFormat { get; init; }

    /// <summary>0 to 2.</summary>
    public double? Temperature { get; init; }

    /// <summary>0 to 1.</summary>
    public double? TopP { get; init; }

    /// <summary>The most tokens of the answer; the older name.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>The most tokens of the answer.</summary>
    public int? MaxCompletionTokens { get; init; }

    /// <summary>For equal answers to equal requests.</summary>
    public long? Seed { get; init; }

    /// <summary>A text or texts at which the answer ends.</summary>
    public JsonElement? Stop { get; init; }

    /// <summary>How many answers; only one is given.</summary>
    public int? N { get; init; }

    /// <summary><c>low</c>, <c>medium</c> or <c>high</c>.</summary>
    public string? ReasoningEffort { get; init; }

    /// <summary>Texts by name that go with the request; the provider <c>builtin</c> reads <c>template</c> and <c>project_name</c>, the router <c>complexity</c>.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>What goes with a streamed answer.</summary>
internal sealed record ChatStreamOptions
{
    /// <summary>Whether a last event carries the usage.</summary>
    public bool IncludeUsage { get; init; }
}

/// <summary>A tool.</summary>
internal sealed record ChatTool
{
    /// <summary>Always <c>function</c>.</summary>
    public string? Type { get; init; }

    /// <summary>What it is called and takes.</summary>
    public ChatFunction? Function { get; init; }
}

/// <summary>A function that may be called.</summary>
internal sealed record ChatFunction
{
    /// <summary>Its name.</summary>
    public string? Name { get; init; }

    /// <summary>What it does.</summary>
    public string? Description { get; init; }

    /// <summary>The JSON schema of its arguments.</summary>
    public JsonElement? Parameters { get; init; }
}

/// <summary>A message of a conversation.</summary>
internal sealed record ChatTurn
{
    /// <summary>Who speaks: <c>system</c>, <c>developer</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</summary>
    public string? Role { get; init; }

    /// <summary>A text, or a list of parts of which texts and pictures are read.</summary>
    public JsonElement? Content { get; init; }

    /// <summary>The calls that the assistant made.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }

    /// <summary>The call that a tool's message answers.</summary>
    public string? ToolCallId { get; init; }

    /// <summary>The tool, or a name of the speaker.</summary>
    public string? Name { get; init; }
}

/// <summary>A call of a function.</summary>
/// <param name="Id">Tells calls apart.</param>
/// <param name="Type">Always <c>function</c>.</param>
/// <param name="Function">What is called, with which arguments.</param>
internal sealed record ChatToolCall(string? Id, string? Type, ChatCalledFunction? Function)
{
    /// <summary>Its place among the calls. Null: the answer is not streamed.</summary>
    public int? Index { get; init; }
}

/// <summary>What is called.</summary>
/// <param name="Name">The function.</param>
/// <param name="Arguments">JSON in a text.</param>
internal sealed record ChatCalledFunction(string? Name, string? Arguments);

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
    public ChatDelta? Delta { get; init; }

    /// <summary>Why it ended. Null: it goes on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? FinishReason { get; init; }

    /// <summary>Never given.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Logprobs { get; init; }
}

/// <summary>A message.</summary>
/// <param name="Role">Who speaks.</param>
/// <param name="Content">The text. Null: there are only calls.</param>
internal sealed record ChatMessageBody(string Role, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Content)
{
    /// <summary>What the model thought before. Null: nothing.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>The calls that it makes. Null: none.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }

    /// <summary>Always null: what is refused is an error.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Refusal { get; init; }
}

/// <summary>A part of a message.</summary>
internal sealed record ChatDelta
{
    /// <summary>Who speaks. Null: as in the part before.</summary>
    public string? Role { get; init; }

    /// <summary>More text. Null: none in this part.</summary>
    public string? Content { get; init; }

    /// <summary>More of what the model thinks. Null: nothing in this part.</summary>
    public string? ReasoningContent { get; init; }

    /// <summary>Calls. Null: none in this part.</summary>
    public IReadOnlyList<ChatToolCall>? ToolCalls { get; init; }
}

/// <summary>What an answer used.</summary>
/// <param name="PromptTokens">Tokens read.</param>
/// <param name="CompletionTokens">Tokens written.</param>
/// <param name="TotalTokens">Both.</param>
internal sealed record ChatUsage(long PromptTokens, long CompletionTokens, long TotalTokens)
{
    /// <summary>What was booked for it, in dollars. Not a part of OpenAI's shape; its clients ignore it.</summary>
    public decimal Cost { get; init; }
}

/// <summary>The models, in OpenAI's shape.</summary>
/// <param name="Object">Always <c>list</c>.</param>
/// <param name="Data">The models.</param>
internal sealed record ModelList(string Object, IReadOnlyList<OpenAiModel> Data);

/// <summary>A model.</summary>
/// <param name="Id">Its name.</param>
/// <param name="Object">Always <c>model</c>.</param>
/// <param name="Created">When it was made, in Unix seconds; zero: not known.</param>
/// <param name="OwnedBy">The provider; <c>alias</c> for a name that stands for a chain.</param>
internal sealed record OpenAiModel(string Id, string Object, long Created, string OwnedBy);

/// <summary>A refusal, in OpenAI's shape.</summary>
/// <param name="Error">What is wrong.</param>
internal sealed record OpenAiError(OpenAiErrorBody Error);

/// <summary>What is wrong.</summary>
/// <param name="Message">One sentence or more.</param>
/// <param name="Type">The kind, for example <c>invalid_request_error</c>.</param>
/// <param name="Param">The field of the request. Null: not one field.</param>
/// <param name="Code">A stable code. Null: none.</param>
internal sealed record OpenAiErrorBody(
    string Message,
    string Type,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Param,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Code);
