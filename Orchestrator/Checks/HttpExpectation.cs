using System.Text.Json;
using Stack.Contracts;

namespace Stack.Checks;

/// <summary>Compares an answer with what is expected of it.</summary>
internal static class HttpExpectation
{
    /// <summary>What is wrong with an answer. Null: nothing.</summary>
    /// <param name="expectedStatus">The status that it must have.</param>
    /// <param name="json">JSON that it must contain. Null: any answer.</param>
    /// <param name="status">Its status.</param>
    /// <param name="body">Its body.</param>
    public static string? FindDifference(int expectedStatus, JsonPayload? json, int status, string body)
    {
        if (status != expectedStatus)
        {
            return $"the status is {status}: {Shorten(body)}";
        }

        if (json is null)
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(body);
            return JsonFragment.FindDifference(json.ToElement(), document.RootElement);
        }
        catch (JsonException)
        {
            return $"the body is no JSON: {Shorten(body)}";
        }
    }

    private static string Shorten(string text) => text.Length > 300 ? $"{text[..300]}…" : text;
}
