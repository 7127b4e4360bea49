using System.Text.Json;

namespace Stack.Checks;

/// <summary>Says whether JSON contains other JSON.</summary>
internal static class JsonFragment
{
    /// <summary>Finds the first difference: every property of an expected object must be there, arrays must be as long, values must be equal; numbers are compared as numbers.</summary>
    /// <param name="expected">What must be there.</param>
    /// <param name="actual">What is there.</param>
    /// <param name="path">Where both are, for the message.</param>
    /// <returns>The difference as a sentence, or null when there is none.</returns>
    public static string? FindDifference(JsonElement expected, JsonElement actual, string path = "$") => (expected.ValueKind, actual.ValueKind) switch
    {
        (JsonValueKind.Object, JsonValueKind.Object) => expected.EnumerateObject()
            .Select(property => actual.TryGetProperty(property.Name, out var value)
                ? FindDifference(property.Value, value, $"{path}.{property.Name}")
                : $"{path}.{property.Name} is missing")
            .FirstOrDefault(difference => difference is not null),
        (JsonValueKind.Array, JsonValueKind.Array) => expected.GetArrayLength() == actual.GetArrayLength()
            ? expected.EnumerateArray().Zip(actual.EnumerateArray()).Select((pair, index) => FindDifference(pair.First, pair.Second, $"{path}[{index}]")).FirstOrDefault(difference => difference is not null)
            : $"{path} has {actual.GetArrayLength()} items, not {expected.GetArrayLength()}",
        (JsonValueKind.Number, JsonValueKind.Number) => SameNumber(expected, actual) ? null : $"{path} is {actual.GetRawText()}, not {expected.GetRawText()}",
        (JsonValueKind.String, JsonValueKind.String) => expected.GetString() == actual.GetString() ? null : $"{path} is \"{actual.GetString()}\", not \"{expected.GetString()}\"",
        var (wanted, found) => wanted == found ? null : $"{path} is {found}, not {wanted}",
    };

    private static bool SameNumber(JsonElement expected, JsonElement actual) =>
        expected.TryGetDecimal(out var first) && actual.TryGetDecimal(out var second) ? first == second : expected.GetDouble().Equals(actual.GetDouble());
}
