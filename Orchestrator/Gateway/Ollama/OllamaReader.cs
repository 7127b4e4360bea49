using System.Text.Json;
using Stack.Orchestrator.Gateway.Conversations;
using Stack.Orchestrator.Gateway.OpenAi;

namespace Stack.Orchestrator.Gateway.Ollama;

/// <summary>Reads Ollama's requests into conversations.</summary>
internal static class OllamaReader
{
    private static readonly string[] s_ours = ["num_ctx", "num_predict", "temperature", "top_p", "seed", "stop"];

    /// <summary>Reads a chat.</summary>
    public static ChatCall Chat(OllamaRequest request)
    {
        var turns = (request.Messages ?? []).Select((message, index) => new Turn(RoleOf(message.Role, index), message.Content ?? "")
        {
            Pictures = [.. (message.Images ?? []).Select(Picture)],
            Calls = [.. (message.ToolCalls ?? []).Select((call, number) => new ToolCall($"call_{index}_{number}", call.Function?.Name ?? "", call.Function?.Arguments?.GetRawText() ?? "{}"))],
            ToolName = message.ToolName,
        }).ToList();
        Link(turns);
        return Finish(request, turns);
    }

    /// <summary>Reads a question.</summary>
    public static ChatCall Question(OllamaRequest request)
    {
        var question = new Turn("user", request.Prompt ?? "") { Pictures = [.. (request.Images ?? []).Select(Picture)] };
        return Finish(request, request.System is { Length: > 0 } system ? [new Turn("system", system), question] : [question]);
    }

    // Ollama's messages have no ids; other providers need to know which call a result belongs to: they come in the order of the calls.
    private static void Link(List<Turn> turns)
    {
        var open = new Queue<ToolCall>();
        for (var i = 0; i < turns.Count; i++)
        {
            foreach (var call in turns[i].Calls)
            {
                open.Enqueue(call);
            }

            if (turns[i].Role is "tool" && open.TryDequeue(out var answered))
            {
                turns[i] = turns[i] with { CallId = answered.Id, ToolName = turns[i].ToolName ?? answered.Name };
            }
        }
    }

    private static ChatCall Finish(OllamaRequest request, List<Turn> turns)
    {
        if (turns.Count == 0)
        {
            throw ModelFailure.Request("'messages' is missing or empty. Send at least one message with 'role' and 'content'.", "messages");
        }

        var options = request.Options ?? new Dictionary<string, JsonElement>();
        return new ChatCall
        {
            Turns = turns,
            Tools = [.. (request.Tools ?? []).Where(tool => tool.Function?.Name is { Length: > 0 }).Select(tool => new ToolSpec(tool.Function!.Name!, tool.Function.Description, tool.Function.Parameters))],
            Format = request.Format switch
            {
                { ValueKind: JsonValueKind.Object } schema => new AnswerFormat(schema),
                { ValueKind: JsonValueKind.String } word when word.GetString() is "json" => new AnswerFormat(null),
                null or { ValueKind: JsonValueKind.Null or JsonValueKind.Undefined } or { ValueKind: JsonValueKind.String } => null,
                _ => throw ModelFailure.Request("'format' is neither \"json\" nor a JSON schema.", "format"),
            },
            Temperature = Number(options, "temperature"),
            TopP = Number(options, "top_p"),
            MaxTokens = Number(options, "num_predict") is > 0 and var most ? (int)most : null,
            Seed = (long?)Number(options, "seed"),
            Stop = options.TryGetValue("stop", out var stop) ? ChatReader.TextsOf(stop, "options.stop") : [],
            OllamaOptions = options.Where(option => !s_ours.Contains(option.Key)).ToDictionary(StringComparer.Ordinal),
        };
    }

    private static double? Number(IReadOnlyDictionary<string, JsonElement> options, string name) => options.TryGetValue(name, out var value) && value.ValueKind is JsonValueKind.Number ? value.GetDouble() : null;

    private static Picture Picture(string base64) => new("image/png", base64, null);

    private static string RoleOf(string? role, int index) => role is "system" or "user" or "assistant" or "tool"
        ? role
        : throw ModelFailure.Request($"'messages[{index}].role' is '{role}'. Write system, user, assistant or tool.", $"messages[{index}].role");
}
