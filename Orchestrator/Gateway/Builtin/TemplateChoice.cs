using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>A template, and why it was chosen. Null: none fits.</summary>
/// <param name="Template">One of <see cref="TemplateNames"/>.</param>
/// <param name="Reason">Why, as a sentence for a person.</param>
internal sealed record TemplateChoice(string? Template, string Reason)
{
    /// <summary>Chooses by weighing the words of the requirements. Of equal scores the first in the order of <see cref="TemplateNames.All"/> wins.</summary>
    /// <param name="requirements">The requirements.</param>
    /// <param name="entities">The entities that were read from them.</param>
    public static TemplateChoice For(string requirements, IReadOnlyList<Entity> entities)
    {
        var scores = TemplateNames.All.Select(template => Score(template, requirements, entities)).ToList();
        var best = scores.MaxBy(score => score.Points)!;
        if (best.Points < TemplateWords.Threshold)
        {
            return new TemplateChoice(null, $"No template fits: {TemplateNames.Abilities}. Nothing in the requirements points to one of them clearly.");
        }

        var next = scores.Where(score => score != best).MaxBy(score => score.Points)!;
        var comparison = next.Points > 0 ? $"; next is '{next.Template}' with {next.Points}" : "";
        return new TemplateChoice(best.Template, $"Template '{best.Template}' scored {best.Points} for the words {string.Join(", ", best.Words)}{comparison}.");
    }

    /// <summary>Whether the requirements ask for work that a template contains in full, so that nothing has to be made up.</summary>
    /// <param name="requirements">The requirements.</param>
    public static bool MentionsArithmetic(string requirements) => TemplateWords.Arithmetic.IsMatch(requirements);

    /// <summary>The same for statistics of texts.</summary>
    /// <param name="requirements">The requirements.</param>
    public static bool MentionsText(string requirements) => TemplateWords.Text.IsMatch(requirements);

    /// <summary>The same for saying hello.</summary>
    /// <param name="requirements">The requirements.</param>
    public static bool MentionsGreeting(string requirements) => TemplateWords.Greeting.IsMatch(requirements);

    private static TemplateScore Score(string template, string requirements, IReadOnlyList<Entity> entities)
    {
        var words = new List<string>();
        var points = 0;
        foreach (var (pattern, weight) in TemplateWords.Of(template))
        {
            var found = pattern.Match(requirements);
            points += found.Success ? weight : 0;
            if (found.Success && weight > 0)
            {
                words.Add(found.Value.ToLowerInvariant());
            }
        }

        if (template is TemplateNames.CrudApi && entities.Count > 0)
        {
            words.Add($"{string.Join(", ", entities.Select(entity => entity.Route))} (entities)");
            points += entities.Any(entity => entity.FieldsAreGiven) ? 5 : 3;
        }

        return new TemplateScore(template, points, words);
    }

    private sealed record TemplateScore(string Template, int Points, IReadOnlyList<string> Words);
}

/// <summary>The templates by name.</summary>
internal static class TemplateNames
{
    public const string Calculator = "calculator";
    public const string CrudApi = "crud-api";
    public const string Console = "console";
    public const string Library = "library";

    /// <summary>What the templates can do, for a person.</summary>
    public const string Abilities =
        "the built-in generator writes a calculator web API, a REST API for things with fields, a console program or a class library (arithmetic, greetings or text statistics)";

    /// <summary>All of them, the preferred first.</summary>
    public static IReadOnlyList<string> All { get; } = [Calculator, CrudApi, Console, Library];
}

/// <summary>The words that speak for a template.</summary>
internal static partial class TemplateWords
{
    /// <summary>The score that a template needs.</summary>
    public const int Threshold = 3;

    public static Regex Arithmetic => ArithmeticWords();

    public static Regex Text => TextWords();

    public static Regex Greeting => GreetingWords();

    private static readonly Dictionary<string, IReadOnlyList<(Regex, int)>> s_words = new()
    {
        [TemplateNames.Calculator] =
        [
            (Whole("calculator|calculators"), 4), (Whole("calculate|calculates|calculation|calculations|arithmetic"), 3),
            (Whole("add|adds|adding|addition|sum|plus"), 1), (Whole("subtract|subtracts|subtraction|minus"), 1),
            (Whole("multiply|multiplies|multiplication|times"), 1), (Whole("divide|divides|division"), 1),
            (Whole("web|api|http|rest"), 1),
        ],
        [TemplateNames.CrudApi] =
        [
            (Whole("crud"), 4), (Whole("rest|restful"), 2), (Whole("api|apis|backend|microservice"), 2), (Whole("endpoint|endpoints|http"), 1),
            (Whole("manage|manages|managing|management|manager|tracker|track|tracks|tracking|inventory|catalog|catalogue"), 2),
            (Whole("create|creating|update|updating|delete|deleting|list|listing|store|stores|storing"), 1),
        ],
        [TemplateNames.Console] =
        [
            (Whole("console|command[- ]line|cli"), 9), (Whole("terminal"), 5), (Whole("script|prompt|stdin|stdout"), 2), (Greeting, 3),
            (Whole("web|api|http|rest|service|page|site|website"), -3),
        ],
        [TemplateNames.Library] =
        [
            (Whole("class library|nuget package|nuget"), 9), (Whole("library|package|sdk"), 4), (Whole("reusable|helper functions|extension methods"), 2),
        ],
    };

    public static IReadOnlyList<(Regex Pattern, int Weight)> Of(string template) => s_words[template];

    private static Regex Whole(string alternatives) => new($@"\b(?:{alternatives})\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant);

    [GeneratedRegex(@"\b(?:calculat\w*|arithmetic|add|adds|addition|subtract\w*|multipl(?:y|ies|ication)|divid(?:e|es)|division|math|maths|mathematics)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ArithmeticWords();

    [GeneratedRegex(@"\b(?:hello,? world|say(?:s|ing)? hello|greet(?:s|er|ing|ings)?)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex GreetingWords();

    [GeneratedRegex(@"\b(?:texts?|words?|lines?|characters?|strings?|statistics|frequen\w+|count(?:s|ing|er)?)\b", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex TextWords();
}
