using System.Text.Json;

namespace Stack.Orchestrator.Gateway.Conversations;

/// <summary>A conversation to answer, in no protocol's shape: every surface reads into it, every provider writes from it.</summary>
internal sealed record ChatCall
{
    /// <summary>The conversation, oldest first; never empty.</summary>
    public required IReadOnlyList<Turn> Turns { get; init; }

    /// <summary>The tools that the model may call.</summary>
    public IReadOnlyList<ToolSpec> Tools { get; init; } = [];

    /// <summary><c>auto</c>, <c>none</c>, <c>required</c> or the name of the one tool to call. Null: <c>auto</c>.</summary>
    public string? ToolChoice { get; init; }

    /// <summary>The form of the answer. Null: text.</summary>
    public AnswerFormat? Format { get; init; }

    /// <summary>How adventurous the choice of words is. Null: the provider's default.</summary>
    public double? Temperature { get; init; }

    /// <summary>The part of the probability mass that counts. Null: the provider's default.</summary>
    public double? TopP { get; init; }

    /// <summary>The most tokens of the answer. Null: what the model's entry says.</summary>
    public int? MaxTokens { get; init; }

    /// <summary>For equal answers to equal calls. Null: none.</summary>
    public long? Seed { get; init; }

    /// <summary>Texts at which the answer ends.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary><c>low</c>, <c>medium</c> or <c>high</c>. Null: the provider's default.</summary>
    public string? Effort { get; init; }

    /// <summary>Texts by name; the provider <c>builtin</c> reads <c>template</c> and <c>project_name</c>, the router <c>complexity</c>.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Fields of Ollama's <c>options</c> that have no equal elsewhere; only Ollama gets them. <c>num_ctx</c> is not among them: it is computed.</summary>
    public IReadOnlyDictionary<string, JsonElement>? OllamaOptions { get; init; }

    /// <summary>What the tokens of the conversation and its tools are estimated at.</summary>
    public TokenEstimate Estimate() => TokenEstimate.Of(this);
}

/// <summary>One message.</summary>
/// <param name="Role"><c>system</c>, <c>user</c>, <c>assistant</c> or <c>tool</c>.</param>
/// <param name="Text">The text; may be empty.</param>
internal sealed record Turn(string Role, string Text)
{
    /// <summary>The calls that the assistant made.</summary>
    public IReadOnlyList<ToolCall> Calls { get; init; } = [];

    /// <summary>The call that a tool's message answers. Null: not a tool's message, or the protocol has no ids.</summary>
    public string? CallId { get; init; }

    /// <summary>The tool that the message comes from. Null: not known.</summary>
    public string? ToolName { get; init; }

    /// <summary>Pictures that belong to the message.</summary>
    public IReadOnlyList<Picture> Pictures { get; init; } = [];
}

/// <summary>A picture of a message.</summary>
/// <param name="MediaType">For example <c>image/png</c>.</param>
/// <param name="Base64">The content. Null: it stands at <paramref name="Url"/>.</param>
/// <param name="Url">Where it is. Null: it is here.</param>
internal sealed record Picture(string MediaType, string? Base64, string? Url);

/// <summary>A call of a tool.</summary>
/// <param name="Id">Tells the calls of a conversation apart.</param>
/// <param name="Name">The tool.</param>
/// <param name="Arguments">JSON, as the model wrote it; not always an object, not always JSON.</param>
internal sealed record ToolCall(string Id, string Name, string Arguments);

/// <summary>A tool that a model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does. Null: the name says it.</param>
/// <param name="Parameters">The JSON schema of its arguments. Null: it takes none.</param>
internal sealed record ToolSpec(string Name, string? Description, JsonElement? Parameters);

/// <summary>The answer is JSON.</summary>
/// <param name="Schema">What it has to fit. Null: any JSON object.</param>
/// <param name="Name">The schema's name. Null: none.</param>
internal sealed record AnswerFormat(JsonElement? Schema, string? Name = null);
