using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Reads a list of fields: <c>a title, an optional price in euros and year: int</c>.</summary>
internal static partial class FieldReader
{
    private const int MaxFields = 20;

    /// <summary>Reads the fields in the order of the list.</summary>
    /// <param name="list">The list.</param>
    /// <param name="entityType">The type that has them.</param>
    public static IReadOnlyList<EntityField> Read(string list, string entityType)
    {
        var fields = new List<EntityField>();
        foreach (var part in Separator().Split(list))
        {
            if (fields.Count < MaxFields && ReadOne(part, entityType) is { } field && fields.TrueForAll(known => known.Name != field.Name))
            {
                fields.Add(field);
            }
        }

        return fields;
    }

    private static EntityField? ReadOne(string text, string entityType)
    {
        var match = Field().Match(text.Trim());
        if (!match.Success)
        {
            return null;
        }

        var words = CodeNames.Spaced(Filler().Replace(match.Groups["words"].Value, " ").Trim()).ToLowerInvariant().Replace('_', ' ').Replace('-', ' ');
        words = Tail().Replace(words, "");
        var name = CodeNames.Field(words, entityType);
        if (name.Length < 2 || words.Split(' ').Length > 3 || EntityWords.IsNoField(words))
        {
            return null;
        }

        var type = match.Groups["type"].Value.Trim().ToLowerInvariant();
        return new EntityField(name, CodeNames.Json(name), words, KindOf(type) ?? EntityWords.KindOf(words), Optional().IsMatch(text));
    }

    private static FieldKind? KindOf(string type) => type.TrimEnd('?') switch
    {
        "string" or "text" => FieldKind.Text,
        "int" or "integer" or "long" or "whole number" => FieldKind.Whole,
        "decimal" or "double" or "float" or "number" or "money" => FieldKind.Number,
        "bool" or "boolean" or "flag" or "yes/no" => FieldKind.Flag,
        "date" or "datetime" => FieldKind.Date,
        "email" or "e-mail" => FieldKind.Email,
        "url" or "uri" or "link" => FieldKind.WebAddress,
        _ => null,
    };

    [GeneratedRegex(@"\s*,\s*(?:and\s+)?|\s+(?:and|plus|as well as)\s+|\s*;\s*", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Separator();

    [GeneratedRegex(@"^(?<words>[A-Za-z][A-Za-z0-9 _-]{0,60}?)\s*(?:[:(]\s*(?<type>[A-Za-z/? -]+?)\s*\)?)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Field();

    [GeneratedRegex(@"(?:^|\s)(?:a|an|the|its|their|his|her|optional|optionally|required|field|fields|some|one|also|unique)(?=\s|$)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Filler();

    // "price in euros" is a price; "date of birth" stays as it is.
    [GeneratedRegex(@"\s+flag$|\s+(?:in|for|as|to|that|which|where|using|per|from|on|by|so|when|must|should|is|are)\b.*$", RegexOptions.CultureInvariant)]
    private static partial Regex Tail();

    [GeneratedRegex(@"\boptional(?:ly)?\b|\?\s*\)?$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Optional();
}
