namespace Stack.Contracts;

/// <summary>The form of names and paths in definitions.</summary>
public static class DefinitionNames
{
    /// <summary>The rule, for error messages.</summary>
    public const string Rule = "Start with a lower-case letter; then lower-case letters, digits, hyphens and underscores; at most 63 characters.";

    /// <summary>Whether a text is a name of a definition, a stage or an agent type.</summary>
    /// <param name="text">The text.</param>
    public static bool IsValid(string text) =>
        text.Length is > 0 and <= 63
        && char.IsAsciiLetterLower(text[0])
        && text.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');

    /// <summary>Whether a path stays inside the workspace: relative, forward slashes, no <c>..</c>, no drive, no control characters.</summary>
    /// <param name="path">The path.</param>
    public static bool IsInsideWorkspace(string path) =>
        path.Length is > 0 and <= 500
        && path[0] != '/'
        && !path.Contains('\\', StringComparison.Ordinal)
        && !path.Contains(':', StringComparison.Ordinal)
        && !path.Any(char.IsControl)
        && path.Split('/').All(part => part is not (".." or ".git"));

    /// <summary>The known name that is nearest to a misspelt one. Null: none is near.</summary>
    /// <param name="name">The misspelt name.</param>
    /// <param name="known">The known names.</param>
    public static string? Nearest(string name, IEnumerable<string> known) =>
        known.Select(candidate => (candidate, distance: Distance(name, candidate)))
            .Where(pair => pair.distance <= Math.Max(2, pair.candidate.Length / 3) && pair.distance < Math.Min(name.Length, pair.candidate.Length))
            .OrderBy(pair => pair.distance)
            .ThenBy(pair => pair.candidate, StringComparer.Ordinal)
            .Select(pair => pair.candidate)
            .FirstOrDefault();

    private static int Distance(string a, string b)
    {
        var row = Enumerable.Range(0, b.Length + 1).ToArray();
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var above = row[j];
                row[j] = Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1));
                diagonal = above;
            }
        }

        return row[b.Length];
    }
}
