using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace Stack.Contracts;

/// <summary>JSON in one form: the members of objects sorted by their names (ordinal), no white space, numbers as they were written. The same content has the same bytes, and so the same hash.</summary>
public static class CanonicalJson
{
    /// <summary>The canonical form of a value. Of two members with one name the last counts.</summary>
    /// <param name="value">The value.</param>
    public static JsonPayload Of(JsonPayload value)
    {
        using var document = JsonDocument.Parse(value.Utf8);
        var buffer = new ArrayBufferWriter<byte>(value.SizeBytes + 16);
        using (var writer = new Utf8JsonWriter(buffer))
        {
            Write(document.RootElement, writer);
        }

        return JsonPayload.FromTrustedUtf8(buffer.WrittenSpan.ToArray());
    }

    /// <summary>SHA-256 of a value's canonical form, lower-case hexadecimal.</summary>
    /// <param name="value">The value.</param>
    public static string HashOf(JsonPayload value) => Convert.ToHexStringLower(SHA256.HashData(Of(value).Utf8.Span));

    private static void Write(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
                foreach (var member in element.EnumerateObject())
                {
                    members[member.Name] = member.Value;
                }

                foreach (var (name, value) in members)
                {
                    writer.WritePropertyName(name);
                    Write(value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                {
                    Write(item, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }
}
