using System.Security.Cryptography;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>The version of a definition: SHA-256 of its canonical JSON (fields sorted by name, no white space), so that the same content has the same version however it was written.</summary>
internal static class DefinitionVersions
{
    /// <summary>The version, lower-case hexadecimal.</summary>
    /// <param name="definition">The definition.</param>
    public static string Of(WorkflowDefinition definition)
    {
        using var document = JsonDocument.Parse(JsonSerializer.SerializeToUtf8Bytes(definition, StackJson.TypeOf<WorkflowDefinition>()));
        using var canonical = new MemoryStream();
        using (var writer = new Utf8JsonWriter(canonical))
        {
            Write(document.RootElement, writer);
        }

        return Convert.ToHexStringLower(SHA256.HashData(canonical.GetBuffer().AsSpan(0, (int)canonical.Length)));
    }

    private static void Write(JsonElement element, Utf8JsonWriter writer)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    Write(property.Value, writer);
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
