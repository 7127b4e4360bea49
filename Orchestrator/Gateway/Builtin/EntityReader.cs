using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>
/// Reads entities and their fields from requirements: <c>books with title, author and price</c>, <c>books (title, price: decimal)</c>, <c>each book has a title and a price</c>,
/// or only their names: <c>an API for books and authors</c>. A reader of patterns, not of language: what it does not recognise it leaves out.
/// </summary>
internal static partial class EntityReader
{
    private const int MaxEntities = 8;

    /// <summary>Reads the entities in the order of the text; those whose fields are named come first.</summary>
    /// <param name="requirements">The requirements.</param>
    public static IReadOnlyList<Entity> Read(string requirements)
    {
        var entities = new Dictionary<string, Entity>(StringComparer.Ordinal);
        foreach (Match match in InBrackets().Matches(requirements))
        {
            Add(entities, match.Groups["noun"].Value, match.Groups["fields"].Value);
        }

        foreach (var sentence in SentenceEnd().Split(requirements))
        {
            foreach (var clause in NextEntity().Split(sentence))
            {
                if (WithFields().Match(clause) is { Success: true } match)
                {
                    AddWith(entities, match.Groups["noun"].Value, match.Groups["fields"].Value);
                }
            }
        }

        foreach (var noun in NamedNouns(requirements))
        {
            Add(entities, noun, "");
        }

        return [.. entities.Values.OrderByDescending(entity => entity.FieldsAreGiven).Take(MaxEntities)];
    }

    // "a system with books and members" is about books and members; "books with title and author" has fields.
    private static void AddWith(Dictionary<string, Entity> entities, string noun, string list)
    {
        if (!IsNoEntity(noun))
        {
            Add(entities, noun, list);
            return;
        }

        foreach (var part in ListSeparator().Split(list))
        {
            var word = PluralNoun().Match(part.Trim()).Value;
            if (word.Length > 0 && !EntityWords.IsNoField(word.ToLowerInvariant()))
            {
                Add(entities, word, "");
            }
        }
    }

    // "post" is a verb of HTTP, "posts" are things.
    private static bool IsNoEntity(string noun) => noun.ToLowerInvariant() is not "posts" && EntityWords.IsNoEntity(CodeNames.Singular(noun.ToLowerInvariant()));

    private static void Add(Dictionary<string, Entity> entities, string noun, string fieldList)
    {
        var word = CodeNames.Singular(noun.ToLowerInvariant());
        if (word.Length < 3 || IsNoEntity(noun) || entities.ContainsKey(word))
        {
            return;
        }

        var type = CodeNames.EntityType(word);
        var given = FieldReader.Read(fieldList, type);
        if (fieldList.Length > 0 && given.Count == 0)
        {
            return;
        }

        var fields = given.Count > 0 ? given : FieldReader.Read(EntityWords.UsualFields(word), type);
        if (!fields.Any(field => field.Kind is not FieldKind.Flag && !field.Optional))
        {
            // Something must tell one from another.
            fields = [.. FieldReader.Read("name", type), .. fields.Where(field => field.Name != "Name")];
        }

        entities.Add(word, new Entity(type, word, CodeNames.Plural(word), fields, given.Count > 0));
    }

    private static IEnumerable<string> NamedNouns(string requirements)
    {
        foreach (Match match in NamedAfter().Matches(requirements))
        {
            foreach (var noun in ListSeparator().Split(match.Groups["nouns"].Value))
            {
                yield return NounOf(noun);
            }
        }

        foreach (Match match in NamedBefore().Matches(requirements))
        {
            yield return match.Groups["noun"].Value;
        }
    }

    // "my todo list" is about todos, "the employees" about employees: the last word that can be an entity.
    private static string NounOf(string phrase) =>
        phrase.Split(' ', StringSplitOptions.RemoveEmptyEntries).LastOrDefault(word => !IsNoEntity(word)) ?? "";

    [GeneratedRegex(@"\b(?<noun>[A-Za-z]{3,40})\s*\((?<fields>[^()]*[,:][^()]*(?:\([^()]*\)[^()]*)*)\)", RegexOptions.CultureInvariant)]
    private static partial Regex InBrackets();

    [GeneratedRegex(@"[.;!?\r\n]+(?=\s|$)", RegexOptions.CultureInvariant)]
    private static partial Regex SentenceEnd();

    [GeneratedRegex(@",?\s+(?:and|plus|as well as)\s+(?=(?:a |an |the |each |every |for )?[A-Za-z]+\s+(?:with|has|have|having)\b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NextEntity();

    [GeneratedRegex(
        @"\b(?<noun>[A-Za-z]{3,40})\s*,?\s+(?:(?:that|which|who)\s+)?(?:with|has|have|having|contains?|consists? of|consisting of)\s+(?:(?:the|these|following|fields?|properties|attributes)\b[:\s]*)*(?<fields>.+)$",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex WithFields();

    [GeneratedRegex(
        @"\b(?:for|of|manages?|managing|tracks?|tracking|stores?|storing|lists?|listing|crud on|entities:?)\s+(?:(?:a|an|the|my|our|all|managing|tracking|storing)\s+)*(?<nouns>[A-Za-z]+(?:\s+[A-Za-z]+)?(?:(?:,\s*(?:and\s+)?|\s+and\s+)(?:the\s+)?[A-Za-z]+)*)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamedAfter();

    [GeneratedRegex(
        @"(?<![\w-])(?<noun>[A-Za-z]{3,40})(?:\s+(?:web|rest|restful|crud|http))*\s+(?:apis?|backend|service|microservice|tracker|manager|management|list|catalogue?|inventory|store|shop|registry|database|app|application)\b",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex NamedBefore();

    [GeneratedRegex(@"^[A-Za-z]{2,39}s(?=$|\s+(?:using|on|in|and|that|which|for|via|over|by)\b)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PluralNoun();

    [GeneratedRegex(@",\s*(?:and\s+)?|\s+and\s+", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ListSeparator();
}
