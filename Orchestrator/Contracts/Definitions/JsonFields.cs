using System.Globalization;
using System.Text.Json;

namespace Stack.Contracts;

/// <summary>Reads the fields of one JSON object and collects a problem for each that does not fit, instead of stopping at the first.</summary>
internal sealed class JsonFields
{
    private readonly JsonElement _element;
    private readonly string _path;
    private readonly List<DefinitionProblem> _problems;
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    private JsonFields(JsonElement element, string path, List<DefinitionProblem> problems) => (_element, _path, _problems) = (element, path, problems);

    public static JsonFields? Of(JsonElement element, string path, List<DefinitionProblem> problems)
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(element, path, problems);
        }

        problems.Add(new DefinitionProblem { Path = path.Length == 0 ? "$" : path, Value = Shorten(element), Message = "An object is needed.", Remedy = "Write fields with names and values." });
        return null;
    }

    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    public void Report(string name, JsonElement? value, string message, string remedy) =>
        _problems.Add(new DefinitionProblem { Path = PathOf(name), Value = value is { } v ? Shorten(v) : null, Message = message, Remedy = remedy });

    public JsonElement? Find(string name)
    {
        _known.Add(name);
        return _element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    public string? Text(string name, bool required = false, int maxLength = 4000)
    {
        if (Find(name) is not { } value)
        {
            if (required)
            {
                Report(name, null, "It is missing.", $"Add '{name}'.");
            }

            return null;
        }

        if (value.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
        {
            Report(name, value, "A text is needed.", "Write one line of text.");
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        if (text.Length > maxLength || (required && string.IsNullOrWhiteSpace(text)))
        {
            Report(name, value, required && text.Length <= maxLength ? "It is empty." : $"It is longer than {maxLength} characters.", "Write a short text.");
            return null;
        }

        return text;
    }

    public string? Identifier(string name, bool required = false)
    {
        var text = Text(name, required, maxLength: 200);
        if (text is null || DefinitionNames.IsValid(text))
        {
            return text;
        }

        Report(name, Find(name), "It is not a name.", DefinitionNames.Rule);
        return null;
    }

    public TimeSpan? Duration(string name, TimeSpan least)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.String || !DurationText.TryParse(value.GetString(), out var duration))
        {
            var negative = value.ToString().StartsWith('-');
            Report(name, value, negative ? "A duration cannot be negative." : "It is not a duration.", "Write a number with a unit, for example 30s, 5m or 1h30m.");
            return null;
        }

        if (duration < least)
        {
            Report(name, value, "The duration is too short.", $"Write {DurationText.Format(least)} or more.");
            return null;
        }

        return duration;
    }

    public double? Number(string name, double least, double most, bool whole)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        double number;
        var read = value.ValueKind == JsonValueKind.Number
            ? value.TryGetDouble(out number)
            : double.TryParse(value.ToString(), NumberStyles.Float, CultureInfo.InvariantCulture, out number);
        if (read && number >= least && number <= most && (!whole || number == Math.Floor(number)))
        {
            return number;
        }

        Report(name, value, read ? "The number is out of range." : "A number is needed.", string.Create(CultureInfo.InvariantCulture, $"Write a {(whole ? "whole number" : "number")} from {least} to {most}."));
        return null;
    }

    public bool? Flag(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Report(name, value, "Yes or no is needed.", "Write true or false.");
        return null;
    }

    public TEnum? Choice<TEnum>(string name)
        where TEnum : struct, Enum
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        foreach (var choice in Enum.GetValues<TEnum>())
        {
            if (string.Equals(JsonNamingPolicy.SnakeCaseLower.ConvertName(choice.ToString()), text, StringComparison.Ordinal))
            {
                return choice;
            }
        }

        var names = Enum.GetNames<TEnum>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName);
        Report(name, value, "It is not one of the choices.", $"Write one of: {string.Join(", ", names)}.");
        return null;
    }

    public IReadOnlyList<string> Texts(string name)
    {
        if (Find(name) is not { } value)
        {
            return [];
        }

        if (value.ValueKind == JsonValueKind.String)
        {
            return [value.GetString()!];
        }

        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
        {
            Report(name, value, "A list of texts is needed.", "Write [one, two].");
            return [];
        }

        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    public void RefuseUnknown()
    {
        foreach (var property in _element.EnumerateObject())
        {
            if (!_known.Contains(property.Name))
            {
                var near = DefinitionNames.Nearest(property.Name, _known);
                Report(property.Name, property.Value, "There is no such field.", near is null ? $"Remove it; the fields are: {string.Join(", ", _known.Order())}." : $"Did you mean '{near}'?");
            }
        }
    }

    public static string Shorten(JsonElement value)
    {
        var text = value.ToString();
        return text.Length <= 120 ? text : text[..119] + "…";
    }
}
