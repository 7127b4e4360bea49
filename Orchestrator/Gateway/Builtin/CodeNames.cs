using System.Text;
using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Makes names for code out of words of a person.</summary>
internal static partial class CodeNames
{
    // Names that the generated code, its implicit usings or the language use already.
    private static readonly HashSet<string> s_takenTypes = new(StringComparer.OrdinalIgnoreCase)
    {
        "Action", "Answer", "Arithmetic", "Array", "Attribute", "BadRequests", "Boolean", "Byte", "Calculation", "Char", "CommandLine", "Console", "Convert", "Decimal", "Delegate",
        "Directory", "Double", "Encoding", "Enum", "Environment", "Exception", "File", "FileStore", "Func", "Greeting", "Guid", "Index", "InputErrors", "IResource", "Lazy", "List", "Lock", "Math", "Microsoft", "Numbers",
        "Object", "Operands", "Operation", "Page", "Parallel", "Path", "Program", "Random", "Range", "Resource", "ResourceApi", "ResourceApp", "ResourcePage", "Results", "RunningApp",
        "Span", "Stream", "String", "System", "Task", "Test", "Tests", "TextStatistics", "Thread", "Timer", "Tuple", "Type", "Uri", "Version", "Void", "Xunit",
    };

    private static readonly HashSet<string> s_takenMembers = new(StringComparer.OrdinalIgnoreCase)
    {
        "Clone", "Deconstruct", "EqualityContract", "Equals", "Finalize", "GetHashCode", "GetType", "MemberwiseClone", "PrintMembers", "ReferenceEquals", "ToResource", "ToString", "Validate",
    };

    /// <summary>Turns words into a name such as <c>DueDate</c>. Empty when there is no letter in them.</summary>
    /// <param name="words">The words.</param>
    public static string Pascal(string words)
    {
        var name = new StringBuilder();
        foreach (Match match in WordPattern().Matches(words))
        {
            if (name.Length == 0 && char.IsAsciiDigit(match.Value[0]))
            {
                continue;
            }

            name.Append(char.ToUpperInvariant(match.Value[0])).Append(match.ValueSpan[1..]);
        }

        return name.Length > 60 ? name.ToString(0, 60) : name.ToString();
    }

    /// <summary>The name of an entity's type: never one that is taken.</summary>
    /// <param name="words">What the entity is called.</param>
    public static string EntityType(string words) => Pascal(words) is var name && s_takenTypes.Contains(name) ? $"{name}Item" : name;

    /// <summary>The name of a field: never one that records have, nor that of its type.</summary>
    /// <param name="words">What the field is called.</param>
    /// <param name="entityType">The type that has it.</param>
    public static string Field(string words, string entityType) =>
        Pascal(words) is var name && (s_takenMembers.Contains(name) || name == entityType || name == $"{entityType}Input") ? $"{name}Value" : name;

    /// <summary>The name of a project: a namespace that hides nothing.</summary>
    /// <param name="words">The wish.</param>
    /// <param name="entityTypes">Names that the project's types have.</param>
    public static string Project(string words, IEnumerable<string> entityTypes) =>
        Pascal(words) is var name && (s_takenTypes.Contains(name) || entityTypes.Contains(name, StringComparer.OrdinalIgnoreCase)) ? $"{name}App" : name;

    /// <summary>The name in JSON, as ASP.NET Core writes it.</summary>
    /// <param name="name">The name in C#.</param>
    public static string Json(string name) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(name);

    /// <summary>Lower-case words joined by hyphens, for paths and commands: <c>due-date</c>.</summary>
    /// <param name="words">The words.</param>
    public static string Kebab(string words) => string.Join('-', WordPattern().Matches(Spaced(words)).Select(match => match.Value.ToLowerInvariant()));

    /// <summary>Puts spaces between the words of a name: <c>Books Api</c>.</summary>
    /// <param name="name">The name.</param>
    public static string Spaced(string name) => InnerCapital().Replace(name, " ");

    /// <summary>The word for one of many.</summary>
    /// <param name="word">The word for many, in lower case.</param>
    public static string Singular(string word) => word switch
    {
        "people" => "person",
        "children" => "child",
        "movies" or "cookies" or "pies" or "ties" or "series" or "species" => word is "series" or "species" ? word : word[..^1],
        _ when word.EndsWith("ies", StringComparison.Ordinal) && word.Length > 4 => $"{word[..^3]}y",
        _ when SibilantPlural().IsMatch(word) => word[..^2],
        _ when word.EndsWith('s') && !SingularEnd().IsMatch(word) && word.Length > 3 => word[..^1],
        _ => word,
    };

    /// <summary>The word for many.</summary>
    /// <param name="word">The word for one, in lower case.</param>
    public static string Plural(string word) => word switch
    {
        "person" => "people",
        "child" => "children",
        "series" or "species" => word,
        _ when word.EndsWith('y') && word.Length > 1 && !"aeiou".Contains(word[^2], StringComparison.Ordinal) => $"{word[..^1]}ies",
        _ when SibilantEnd().IsMatch(word) => $"{word}es",
        _ => $"{word}s",
    };

    /// <summary>The word with its indefinite article.</summary>
    /// <param name="word">The word, in lower case.</param>
    public static string WithArticle(string word) => "aeio".Contains(word[0], StringComparison.Ordinal) ? $"an {word}" : $"a {word}";

    [GeneratedRegex(@"[A-Za-z0-9]+")]
    private static partial Regex WordPattern();

    [GeneratedRegex(@"(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex InnerCapital();

    [GeneratedRegex(@"(?:ss|x|z|ch|sh|us)es$")]
    private static partial Regex SibilantPlural();

    [GeneratedRegex(@"(?:ss|us|is)$")]
    private static partial Regex SingularEnd();

    [GeneratedRegex(@"(?:s|x|z|ch|sh)$")]
    private static partial Regex SibilantEnd();
}
