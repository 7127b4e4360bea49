using System.Text.Json;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.Providers;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>Reads a chat completion request into a conversation.</summary>
internal static class ChatReader
{
    /// <summary>Reads a request.</summary>
    /// <param name="request">The request.</param>
    /// <exception cref="ModelFailure">It is wrong; the message says where.</exception>
    public static ChatCall Read(ChatRequest request)
    {
        if (request.Messages is not { Count: > 0 } messages)
        {
            throw ModelFailure.Request("'messages' is missing or empty. Send at least one message with 'role' and 'content'.", "messages");
        }

        if (request.N is > 1)
        {
            throw ModelFailure.Request($"'n' is {request.N}; one answer is given. Leave 'n' out, and ask again for another answer.", "n");
        }

        if ((request.MaxCompletionTokens ?? request.MaxTokens) is <= 0 and var most)
        {
            throw ModelFailure.Request($"'max_tokens' is {most}; give 1 or more.", "max_tokens");
        }

        var names = messages.SelectMany(message => message.ToolCalls ?? []).Where(call => call.Id is not null).ToLookup(call => call.Id!, call => call.Function?.Name);
        return new ChatCall
        {
            Turns = [.. messages.Select((message, index) => TurnOf(message, index, names))],
            Tools = [.. (request.Tools ?? []).Select(ToolOf)],
            ToolChoice = ChoiceOf(request.ToolChoice, request.Tools ?? []),
            Format = FormatOf(request.ResponseFormat),
            Temperature = request.Temperature,
            TopP = request.TopP,
            MaxTokens = request.MaxCompletionTokens ?? request.MaxTokens,
            Seed = request.Seed,
            Stop = TextsOf(request.Stop, "stop"),
            Effort = request.ReasoningEffort,
            Metadata = request.Metadata,
        };
    }

    /// <summary>The text and the pictures of a message's content.</summary>
    public static (string Text, IReadOnlyList<Picture> Pictures) ContentOf(JsonElement? content, string field)
    {
        switch (content)
        {
            case null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined }:
                return ("", []);
            case { ValueKind: JsonValueKind.String } text:
                return (text.GetString()!, []);
            case { ValueKind: JsonValueKind.Array } parts:
                var pictures = new List<Picture>();
                var texts = parts.EnumerateArray().Select(part => TextOf(part, field, pictures)).ToList();
                return (string.Concat(texts), pictures);
            default:
                throw ModelFailure.Request($"'{field}' is neither a text nor a list of parts.", field);
        }
    }

    /// <summary>A text or a list of texts.</summary>
    public static IReadOnlyList<string> TextsOf(JsonElement? value, string field) => value switch
    {
        null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } => [],
        { ValueKind: JsonValueKind.String } text => [text.GetString()!],
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind is JsonValueKind.String) => [.. list.EnumerateArray().Select(item => item.GetString()!)],
        _ => throw ModelFailure.Request($"'{field}' is neither a text nor a list of texts.", field),
    };

    /// <summary>The choice of a tool, in both shapes that OpenAI uses.</summary>
    public static string? ChoiceOf(JsonElement? choice, string field, IEnumerable<string?> tools)
    {
        if (choice is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } given)
        {
            return null;
        }

        var name = given.ValueKind is JsonValueKind.String ? given.GetString() : (Json.Find(given, "function") is { } function ? Json.Text(function, "name") : null) ?? Json.Text(given, "name");
        return name is "auto" or "none" or "required" || (name is not null && tools.Contains(name))
            ? name
            : throw ModelFailure.Request($"'{field}' is '{given}', which is no tool of this request. Write auto, none, required or the name of one of its tools.", field);
    }

    private static string? ChoiceOf(JsonElement? choice, IReadOnlyList<ChatTool> tools) => ChoiceOf(choice, "tool_choice", tools.Select(tool => tool.Function?.Name));

    private static Turn TurnOf(ChatTurn message, int index, ILookup<string, string?> names)
    {
        var (text, pictures) = ContentOf(message.Content, $"messages[{index}].content");
        return new Turn(RoleOf(message.Role, index), text)
        {
            Pictures = pictures,
            Calls = [.. (message.ToolCalls ?? []).Select((call, number) => new ToolCall(call.Id ?? $"call_{number}", call.Function?.Name ?? "", call.Function?.Arguments ?? "{}"))],
            CallId = message.ToolCallId,
            ToolName = message.Role is not "tool" ? null : message.Name ?? (message.ToolCallId is { } id ? names[id].FirstOrDefault() : null),
        };
    }

    private static string RoleOf(string? role, int index) => role switch
    {
        "system" or "developer" => "system",
        "user" or "assistant" or "tool" => role,
        "function" => "tool",
        _ => throw ModelFailure.Request($"'messages[{index}].role' is '{role}'. Write system, user, assistant or tool.", $"messages[{index}].role"),
    };

    private static ToolSpec ToolOf(ChatTool tool, int index) => tool.Function is { Name: { Length: > 0 } name } function
        ? new ToolSpec(name, function.Description, function.Parameters)
        : throw ModelFailure.Request($"'tools[{index}]' has no function with a name. Write {{\"type\": \"function\", \"function\": {{\"name\": …}}}}.", $"tools[{index}]");

    private static AnswerFormat? FormatOf(JsonElement? format)
    {
        if (format is not { ValueKind: JsonValueKind.Object } given)
        {
            return null;
        }

        switch (Json.Text(given, "type"))
        {
            case "text":
                return null;
            case "json_object":
                return new AnswerFormat(null);
            case "json_schema" when Json.Find(given, "json_schema") is { } named:
                return new AnswerFormat(Json.Find(named, "schema"), Json.Text(named, "name"));
            default:
                throw ModelFailure.Request($"'response_format' is '{given}'. Write {{\"type\": \"text\"}}, {{\"type\": \"json_object\"}} or {{\"type\": \"json_schema\", \"json_schema\": {{\"name\": …, \"schema\": …}}}}.", "response_format");
        }
    }

    private static string TextOf(JsonElement part, string field, List<Picture> pictures)
    {
        if (Json.Text(part, "text") is { } text)
        {
            return text;
        }

        var url = Json.Find(part, "image_url") is { } picture ? (picture.ValueKind is JsonValueKind.String ? picture.GetString() : Json.Text(picture, "url")) : null;
        if (url is null)
        {
            throw ModelFailure.Request($"'{field}' has a part of type '{Json.Text(part, "type")}'. Texts and pictures (image_url) are read.", field);
        }

        pictures.Add(PictureOf(url));
        return "";
    }

    private static Picture PictureOf(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        return url.StartsWith("data:", StringComparison.Ordinal) && comma > 0 ? new Picture(url[5..comma].Split(';')[0], url[(comma + 1)..], null) : new Picture("image/*", null, url);
    }
}
