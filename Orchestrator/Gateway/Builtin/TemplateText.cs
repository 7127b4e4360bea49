using System.Collections.Concurrent;
using System.Text.RegularExpressions;

namespace Stack.Orchestrator.Gateway.Builtin;

/// <summary>Fills in templates. A placeholder is a name in double braces; one that stands alone on its line is replaced by lines, or by nothing when its value is empty.</summary>
internal static partial class TemplateText
{
    private static readonly ConcurrentDictionary<string, string> s_templates = new(StringComparer.Ordinal);

    /// <summary>Fills in a template that is part of this program.</summary>
    /// <param name="template">Its path below the folder of templates, for example <c>every/.gitignore</c>.</param>
    /// <param name="values">The values by name.</param>
    /// <exception cref="InvalidOperationException">There is no such template, or it names a value that is not there.</exception>
    public static string Render(string template, IReadOnlyDictionary<string, string> values)
    {
        var text = s_templates.GetOrAdd(template, Read);
        text = Line().Replace(text, match => ValueOf(match) is { Length: > 0 } lines ? $"{lines}\n" : "");
        return Inline().Replace(text, ValueOf);

        string ValueOf(Match match) => values.TryGetValue(match.Groups["name"].Value, out var value)
            ? value
            : throw new InvalidOperationException($"The template '{template}' names '{match.Groups["name"].Value}', which has no value.");
    }

    private static string Read(string template)
    {
        using var stream = typeof(TemplateText).Assembly.GetManifestResourceStream($"Templates/{template}.template")
            ?? throw new InvalidOperationException($"There is no template '{template}'.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    [GeneratedRegex(@"^\{\{(?<name>[A-Za-z_]+)\}\}\n", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex(@"\{\{(?<name>[A-Za-z_]+)\}\}")]
    private static partial Regex Inline();
}
