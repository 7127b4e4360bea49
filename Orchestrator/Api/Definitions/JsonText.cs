using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>Reads a definition that is written in JSON, with the line of every value.</summary>
internal static class JsonText
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = DefinitionText.MaxDepth, AllowDuplicateProperties = false };

    /// <summary>Reads a text.</summary>
    /// <param name="json">The text.</param>
    public static DefinitionText Read(string json)
    {
        var utf8 = Encoding.UTF8.GetBytes(json);
        try
        {
            using var document = JsonDocument.Parse(utf8, Strict);
            return new DefinitionText(document.RootElement.Clone(), Lines(utf8), []);
        }
        catch (JsonException malformed)
        {
            var message = malformed.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
            return DefinitionText.Unreadable($"It is not JSON: {message}", "Check the brackets, commas and quotes around this line.", (int?)malformed.LineNumber + 1);
        }
    }

    private static Dictionary<string, int> Lines(byte[] utf8)
    {
        var lines = new Dictionary<string, int>(StringComparer.Ordinal);
        var reader = new Utf8JsonReader(utf8, new JsonReaderOptions { MaxDepth = DefinitionText.MaxDepth });
        var line = 1;
        var counted = 0;
        reader.Read();
        Walk(ref reader, "", utf8, lines, ref line, ref counted);
        return lines;
    }

    private static void Walk(ref Utf8JsonReader reader, string path, byte[] utf8, Dictionary<string, int> lines, ref int line, ref int counted)
    {
        var start = (int)reader.TokenStartIndex;
        line += utf8.AsSpan(counted, start - counted).Count((byte)'\n');
        counted = start;
        lines[path] = line;
        lines.TryAdd(path.Length == 0 ? "$" : path, line);
        if (reader.TokenType == JsonTokenType.StartObject)
        {
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString()!;
                reader.Read();
                Walk(ref reader, path.Length == 0 ? name : $"{path}.{name}", utf8, lines, ref line, ref counted);
            }
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            for (var i = 0; reader.Read() && reader.TokenType != JsonTokenType.EndArray; i++)
            {
                Walk(ref reader, string.Create(CultureInfo.InvariantCulture, $"{path}[{i}]"), utf8, lines, ref line, ref counted);
            }
        }
    }
}
