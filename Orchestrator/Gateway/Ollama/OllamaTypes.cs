using System.Text.Json;

namespace Stack.Orchestrator.Gateway.Ollama;

/// <summary>A request to <c>/api/chat</c> or <c>/api/generate</c>: the part of Ollama's that the gateway reads.</summary>
internal sealed record OllamaRequest
{
    /// <summary>The model, or an alias.</summary>
    public string? Model { get; init; }

    /// <summary>The conversation (chat).</summary>
    public IReadOnlyList<OllamaMessage>? Messages { get; init; }

    /// <summary>The question (generate).</summary>
    public string? Prompt { get; init; }

    /// <summary>What goes before the question (generate).</summary>
    public string? System { get; init; }

    /// <summary>Pictures in Base64 (generate).</summary>
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>The tools that may be called (chat).</summary>
    public IReadOnlyList<OpenAi.ChatTool>? Tools { get; init; }

    /// <summary><c>json</c> or a JSON schema.</summary>
    public JsonElement? Format { get; init; }

    /// <summary>Options of the model; <c>num_ctx</c> is computed and not taken.</summary>
    public IReadOnlyDictionary<string, JsonElement>? Options { get; init; }

    /// <summary>Whether the answer comes in lines. Null: it does.</summary>
    public bool? Stream { get; init; }
}

/// <summary>A message.</summary>
internal sealed record OllamaMessage
{
    /// <summary>Who speaks.</summary>
    public string? Role { get; init; }

    /// <summary>The text.</summary>
    public string? Content { get; init; }

    /// <summary>Pictures in Base64.</summary>
    public IReadOnlyList<string>? Images { get; init; }

    /// <summary>The calls that the assistant made.</summary>
    public IReadOnlyList<OllamaToolCall>? ToolCalls { get; init; }

    /// <summary>The tool that the message comes from.</summary>
    public string? ToolName { get; init; }
}

/// <summary>A call of a tool.</summary>
/// <param name="Function">What is called; its arguments are an object.</param>
internal sealed record OllamaToolCall(OllamaFunction? Function);

/// <summary>What is called.</summary>
/// <param name="Name">The function.</param>
/// <param name="Arguments">An object.</param>
internal sealed record OllamaFunction(string? Name, JsonElement? Arguments);

/// <summary>A request that names a model: <c>/api/show</c>, <c>/api/pull</c>.</summary>
internal sealed record OllamaModelRequest
{
    /// <summary>The model.</summary>
    public string? Model { get; init; }

    /// <summary>The model; the older name.</summary>
    public string? Name { get; init; }

    /// <summary>Whether the answer comes in lines. Null: it does.</summary>
    public bool? Stream { get; init; }
}

/// <summary>A request to <c>/api/embed</c> or <c>/api/embeddings</c>.</summary>
internal sealed record OllamaEmbedRequest
{
    /// <summary>The model, or an alias.</summary>
    public string? Model { get; init; }

    /// <summary>A text or texts (embed).</summary>
    public JsonElement? Input { get; init; }

    /// <summary>A text (embeddings).</summary>
    public string? Prompt { get; init; }

    /// <summary>The length of the vectors.</summary>
    public int? Dimensions { get; init; }
}
