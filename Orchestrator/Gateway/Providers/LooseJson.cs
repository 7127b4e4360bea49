using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Stack.Orchestrator.Gateway.Providers;

/// <summary>Reads JSON as models write it: with single quotes, trailing commas, Python's words, line breaks in texts, and without its end.</summary>
internal static class LooseJson
{
    private const int MaxLength = 1024 * 1024;

    /// <summary>Reads an object.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Null: it is none, and cannot be made one without guessing.</returns>
    public static JsonObject? Object(string text) => (Strict(text) ?? (text.Length <= MaxLength ? Strict(Repair(text)) : null)) as JsonObject;

    /// <summary>Reads a value.</summary>
    /// <param name="text">The text.</param>
    /// <returns>Null: it is none, and cannot be made one without guessing.</returns>
    public static JsonNode? Value(string text) => Strict(text) ?? (text.Length <= MaxLength ? Strict(Repair(text)) : null);

    private static JsonNode? Strict(string text)
    {
        try
        {
            var node = JsonNode.Parse(text);
            // An object is read lazily; a name that comes twice is found only here.
            return node is JsonObject { Count: >= 0 } or JsonArray or JsonValue ? node : null;
        }
        catch (Exception broken) when (broken is JsonException or ArgumentException)
        {
            return null;
        }
    }

    private static string Repair(string text)
    {
        var result = new StringBuilder(text.Length + 16);
        var open = new Stack<char>();
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            switch (c)
            {
                case '"' or '\'':
                    i = CopyText(text, i, result);
                    break;
                case '{' or '[':
                    open.Push(c == '{' ? '}' : ']');
                    result.Append(c);
                    break;
                case '}' or ']':
                    TrimComma(result);
                    if (open.TryPop(out var expected))
                    {
                        result.Append(expected);
                    }

                    break;
                default:
                    i = char.IsAsciiLetter(c) || c == '_' ? CopyWord(text, i, result) : Copy(c, i, result);
                    break;
            }
        }

        TrimComma(result);
        while (open.TryPop(out var missing))
        {
            result.Append(missing);
        }

        return result.ToString();
    }

    private static int Copy(char c, int at, StringBuilder result)
    {
        result.Append(c);
        return at;
    }

    private static int CopyText(string text, int start, StringBuilder result)
    {
        var quote = text[start];
        result.Append('"');
        var i = start + 1;
        for (; i < text.Length && text[i] != quote; i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                result.Append(text[i + 1] == '\'' ? "'" : $"\\{text[i + 1]}");
                i++;
                continue;
            }

            result.Append(text[i] switch { '\n' => "\\n", '\r' => "\\r", '\t' => "\\t", '"' => "\\\"", var other => other.ToString() });
        }

        result.Append('"');
        return i;
    }

    // A word outside texts is a literal, in JSON's or Python's spelling, or a name without quotes.
    private static int CopyWord(string text, int start, StringBuilder result)
    {
        var end = start;
        while (end < text.Length && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '-' or '.'))
        {
            end++;
        }

        var word = text[start..end];
        // The exponent of a number follows its digits.
        var isExponent = word is ['e' or 'E', ..] && result.Length > 0 && char.IsAsciiDigit(result[^1]);
        result.Append(isExponent ? word : word switch
        {
            "true" or "True" => "true",
            "false" or "False" => "false",
            "null" or "None" or "undefined" or "NaN" => "null",
            _ => $"\"{word}\"",
        });
        return end - 1;
    }

    private static void TrimComma(StringBuilder result)
    {
        var end = result.Length;
        while (end > 0 && char.IsWhiteSpace(result[end - 1]))
        {
            end--;
        }

        if (end > 0 && result[end - 1] == ',')
        {
            result.Length = end - 1;
        }
    }
}
