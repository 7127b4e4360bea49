using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>What the generator knows about words: which are no entities, which fields are usual, what a field holds by its name.</summary>
internal static partial class EntityWords
{
    private static readonly FrozenSet<string> s_noEntities = Words(
        """
        a all an and any api apis app application arithmetic backend basic bool calculate calculation calculator catalog catalogue class cli client code command console create crud database date delete demo
        detail each endpoint entity every everything field following for frontend get good helper home html http inventory it item json library line list logic main management manager manipulation math maths memory me method
        microservice model my net new node nuget number online operation our package page paging parsing people persistent personal plain post program project prompt property proper put reading
        registry request response rest restful script server service set shop simple single site small software some something source statistic storage store string swagger system table terminal test
        testing text that the their them these thing this those tool tracker tracking two unit update use user-friendly using utility validation way web website with word work world writing you your
        company team business office customer-facing internal managing storing handling tracked maximum minimum adding editing removing creating deleting updating browsing searching production purpose purposes
        """);

    private static readonly FrozenSet<string> s_noFields = Words(
        """
        add adding addition subtract subtraction multiply multiplication divide division api authentication authorization caching coverage crud documentation docs endpoint endpoints error errors
        filtering get health logging login openapi pagination paging persistence post put delete rest search searching sorting storage swagger test tests testing unit validation
        web http html json sqlite database docker memory
        """);

    private static readonly FrozenDictionary<string, string> s_usualFields = new Dictionary<string, string>
    {
        ["book"] = "title, author, year, optional isbn",
        ["author"] = "name, optional biography",
        ["todo"] = "title, optional due date, done",
        ["task"] = "title, optional description, optional due date, done",
        ["note"] = "title, content",
        ["user"] = "name, email",
        ["customer"] = "name, email, optional phone",
        ["contact"] = "name, email, optional phone",
        ["employee"] = "name, email, position, optional salary",
        ["student"] = "name, email, optional birthday",
        ["product"] = "name, price, stock, optional description",
        ["order"] = "customer, order date, total",
        ["invoice"] = "customer, amount, due date, paid",
        ["movie"] = "title, director, year, optional rating",
        ["recipe"] = "name, ingredients, instructions",
        ["event"] = "title, date, location",
        ["post"] = "title, content, optional published",
        ["article"] = "title, content, optional published",
        ["expense"] = "description, amount, date",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a word (for one of many, in lower case) cannot be an entity.</summary>
    /// <param name="word">The word.</param>
    public static bool IsNoEntity(string word) => s_noEntities.Contains(word);

    /// <summary>Whether words (in lower case) are a wish about the program, not a field.</summary>
    /// <param name="words">The words.</param>
    public static bool IsNoField(string words) => words.Split(' ').Any(s_noFields.Contains);

    /// <summary>The fields of an entity whose fields nobody named.</summary>
    /// <param name="word">The entity.</param>
    public static string UsualFields(string word) => s_usualFields.GetValueOrDefault(word, "name, optional description");

    /// <summary>What a field holds, by its name.</summary>
    /// <param name="words">Its name, in lower case.</param>
    public static FieldKind KindOf(string words) =>
        Flags().IsMatch(words) ? FieldKind.Flag
        : Dates().IsMatch(words) ? FieldKind.Date
        : Emails().IsMatch(words) ? FieldKind.Email
        : WebAddresses().IsMatch(words) ? FieldKind.WebAddress
        : Numbers().IsMatch(words) ? FieldKind.Number
        : Wholes().IsMatch(words) ? FieldKind.Whole
        : LongTexts().IsMatch(words) ? FieldKind.LongText
        : FieldKind.Text;

    private static FrozenSet<string> Words(string text) => text.Split((char[])[' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);

    [GeneratedRegex(@"^(?:is|has|can)\s|\b(?:done|active|enabled|disabled|completed|finished|paid|published|available|archived|public|read|watched|favou?rite|in stock|flag)$", RegexOptions.CultureInvariant)]
    private static partial Regex Flags();

    [GeneratedRegex(@"\b(?:date|day|birthday|deadline|due|birth|created|updated|expiry|(?:created|updated|published|due|starts|ends) (?:at|on))$|^date\b", RegexOptions.CultureInvariant)]
    private static partial Regex Dates();

    [GeneratedRegex(@"\be ?mail(?: address)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Emails();

    [GeneratedRegex(@"\b(?:url|website|link|homepage|uri)$", RegexOptions.CultureInvariant)]
    private static partial Regex WebAddresses();

    [GeneratedRegex(@"\b(?:price|cost|amount|total|salary|weight|height|width|length|rate|balance|discount|fee|tax|budget|temperature|distance)$", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"\b(?:count|quantity|stock|age|year|pages|rating|score|priority|duration|capacity|size|level|points|servings|minutes|hours|number of \w+)$", RegexOptions.CultureInvariant)]
    private static partial Regex Wholes();

    [GeneratedRegex(@"\b(?:description|content|body|text|biography|bio|instructions|ingredients|notes|comment|comments|summary|message|details)$", RegexOptions.CultureInvariant)]
    private static partial Regex LongTexts();
}
