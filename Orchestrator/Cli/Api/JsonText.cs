using System.Text.Json;

namespace Stack.Cli;

/// <summary>Looks for texts in JSON whose shape is somebody else's.</summary>
internal static class JsonText
{
    /// <summary>The text at a path of property names; null when there is none.</summary>
    public static string? Find(JsonElement element, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
        {
            if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(name, out element))
            {
                return null;
            }
        }

        return element.ValueKind switch
        {
            JsonValueKind.String when element.GetString() is { Length: > 0 } text => text,
            JsonValueKind.Number => element.GetRawText(),
            _ => null,
        };
    }
}
