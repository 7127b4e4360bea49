using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace Stack.Tests.AppHost.Offline.Publishing;

/// <summary>What differs between two YAML documents, one line each: <c>+path = value</c>, <c>-path = value</c>, <c>~path = one → other</c>.</summary>
internal static partial class YamlDifferences
{
    public static IEnumerable<string> Between(string golden, string ours)
    {
        var (before, after) = (Flatten(golden), Flatten(ours));
        foreach (var path in before.Keys.Union(after.Keys).Order(StringComparer.Ordinal))
        {
            switch (before.TryGetValue(path, out var one), after.TryGetValue(path, out var other))
            {
                case (true, false):
                    yield return $"-{path} = {one}";
                    break;
                case (false, true):
                    yield return $"+{path} = {other}";
                    break;
                case (true, true) when one != other:
                    yield return $"~{path} = {one} → {other}";
                    break;
            }
        }
    }

    /// <summary>Every value of a document by its path. Expressions of a chart's template are texts.</summary>
    public static Dictionary<string, string> Flatten(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        var stream = new YamlStream();
        stream.Load(new StringReader(WithoutTemplates(text)));
        if (stream.Documents is [var document, ..])
        {
            Add(values, "", document.RootNode);
        }

        return values;
    }

    private static void Add(Dictionary<string, string> values, string path, YamlNode node)
    {
        switch (node)
        {
            case YamlMappingNode { Children.Count: > 0 } map:
                foreach (var (key, value) in map.Children)
                {
                    Add(values, path.Length == 0 ? key.ToString() : $"{path}.{key}", value);
                }

                break;
            case YamlSequenceNode sequence:
                foreach (var (index, value) in sequence.Children.Index())
                {
                    // A named entry is found by its name, wherever it stands.
                    var name = value is YamlMappingNode entry && entry.Children.TryGetValue("name", out var known) ? known.ToString() : index.ToString(CultureInfo.InvariantCulture);
                    Add(values, $"{path}[{name}]", value);
                }

                break;
            default:
                values[path] = node.ToString();
                break;
        }
    }

    // Helm replaces expressions before anybody reads YAML; here they become plain text.
    private static string WithoutTemplates(string text) => Bare().Replace(
        Expression().Replace(ControlLine().Replace(text, ""), expression => expression.Value.Replace('"', '\'')), bare => $": \"{bare.Groups["expression"].Value}\"");

    [GeneratedRegex(@"^\{\{-.*\}\}\n", RegexOptions.Multiline)]
    private static partial Regex ControlLine();

    [GeneratedRegex(@"\{\{.*?\}\}")]
    private static partial Regex Expression();

    [GeneratedRegex(@": (?<expression>\{\{.*\}\})$", RegexOptions.Multiline)]
    private static partial Regex Bare();
}

/// <summary>Differences that we want, each with the reason why ours is better. What is not named fails, and so does a name that nothing is found for.</summary>
internal sealed class NamedDifferences(params (string Why, string Pattern)[] names)
{
    public void AreAllOf(IEnumerable<string> differences)
    {
        var found = differences.ToList();
        var unnamed = found.Where(difference => !names.Any(name => Regex.IsMatch(difference, name.Pattern)));
        var unused = names.Where(name => !found.Any(difference => Regex.IsMatch(difference, name.Pattern))).Select(name => $"no difference: {name.Why}");
        Assert.Equal([], unnamed.Concat(unused));
    }
}
