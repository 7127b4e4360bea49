using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>Reads answers whose fields may be missing or of another kind, and writes what several protocols share.</summary>
internal static class Json
{
    public static string? Text(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String ? value.GetString() : null;

    public static long? Long(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.Number && value.TryGetInt64(out var number) ? number : null;

    public static bool Flag(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.True;

    public static JsonElement? Find(JsonElement element, string name) =>
        element.ValueKind is JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind is not JsonValueKind.Null ? value : null;

    public static IEnumerable<JsonElement> Items(JsonElement element, string name) => Find(element, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <summary>A list of numbers. Null: it is none.</summary>
    public static float[]? Vector(JsonElement element)
    {
        if (element.ValueKind is not JsonValueKind.Array)
        {
            return null;
        }

        var numbers = new float[element.GetArrayLength()];
        foreach (var (index, item) in element.EnumerateArray().Index())
        {
            if (item.ValueKind is not JsonValueKind.Number || !item.TryGetSingle(out numbers[index]))
            {
                return null;
            }
        }

        return numbers;
    }

    public static void Set<T>(JsonObject target, string name, T? value)
        where T : struct
    {
        if (value is { } given)
        {
            target[name] = JsonValue.Create(given);
        }
    }

    public static JsonObject Schema(JsonElement? schema) =>
        schema is { ValueKind: JsonValueKind.Object } given ? JsonNode.Parse(given.GetRawText())!.AsObject() : new JsonObject { ["type"] = "object", ["properties"] = new JsonObject() };

    /// <summary>Tools in the shape that OpenAI and Ollama share.</summary>
    public static JsonArray ToolsOf(IReadOnlyList<ToolSpec> tools) => new([.. tools.Select(tool =>
    {
        var function = new JsonObject { ["name"] = tool.Name, ["parameters"] = Schema(tool.Parameters) };
        if (tool.Description is not null)
        {
            function["description"] = tool.Description;
        }

        return new JsonObject { ["type"] = "function", ["function"] = function };
    })]);
}
