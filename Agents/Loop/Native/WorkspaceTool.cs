using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Stack.Agents.Loop.Native;

/// <summary>A tool that a model may call on a workspace.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it does, for the model.</param>
/// <param name="Parameters">Its parameters: name, JSON type, description, whether it must be given.</param>
/// <param name="Work">Does it and says how it went, for the model.</param>
internal sealed record WorkspaceTool(
    string Name, string Description, IReadOnlyList<(string Name, string Type, string Description, bool Required)> Parameters, Func<ToolArguments, CancellationToken, Task<string>> Work)
{
    /// <summary>The declaration that goes along with a model call.</summary>
    public AIFunctionDeclaration Declaration { get; } = AIFunctionFactory.CreateDeclaration(Name, Description, SchemaOf(Parameters));

    private static JsonElement SchemaOf(IReadOnlyList<(string Name, string Type, string Description, bool Required)> parameters) => JsonSerializer.SerializeToElement(new JsonObject
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(parameters.Select(parameter => KeyValuePair.Create<string, JsonNode?>(
            parameter.Name, new JsonObject { ["type"] = parameter.Type, ["description"] = parameter.Description }))),
        ["required"] = new JsonArray([.. parameters.Where(parameter => parameter.Required).Select(parameter => JsonValue.Create(parameter.Name))]),
    });
}

/// <summary>The arguments of a call, as the model wrote them.</summary>
/// <param name="values">The values by name.</param>
internal sealed class ToolArguments(IDictionary<string, object?> values)
{
    /// <summary>A text that must be given.</summary>
    /// <exception cref="ToolMisuseException">It is not.</exception>
    public string Text(string name) => OptionalText(name) ?? throw new ToolMisuseException($"The argument '{name}' is missing. Give it as a text.");

    /// <summary>A text. Null: not given.</summary>
    public string? OptionalText(string name) => values.TryGetValue(name, out var value) ? value switch
    {
        null or JsonElement { ValueKind: JsonValueKind.Null } => null,
        string text => text,
        JsonElement { ValueKind: JsonValueKind.String } text => text.GetString(),
        JsonElement other => other.GetRawText(),
        _ => value.ToString(),
    } : null;

    /// <summary>A whole number in a range; what is outside becomes the nearest that is inside.</summary>
    /// <exception cref="ToolMisuseException">It is no number.</exception>
    public int Number(string name, int otherwise, int least, int most)
    {
        if (OptionalText(name) is not { } text)
        {
            return otherwise;
        }

        return double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out var number)
            ? (int)Math.Clamp(number, least, most)
            : throw new ToolMisuseException($"The argument '{name}' is '{text}', which is no number.");
    }
}

/// <summary>A tool was called wrongly; the message tells the model how to do it.</summary>
/// <param name="message">What is wrong and what to do.</param>
internal sealed class ToolMisuseException(string message) : Exception(message);
