using System.Text;
using System.Text.RegularExpressions;

namespace Stack.Checks;

/// <summary>Patterns for paths: <c>*</c> and <c>?</c> within a name, <c>**</c> across folders; a pattern that ends with a slash, or names a folder, means everything below.</summary>
internal static class FilePattern
{
    /// <summary>Whether a path fits a pattern.</summary>
    /// <param name="pattern">The pattern.</param>
    /// <param name="path">The path, relative, with forward slashes.</param>
    public static bool Fits(string pattern, string path) => Regex.IsMatch(path, ToExpression(pattern), RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    /// <summary>The files of a folder that fit, except git's own.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="pattern">The pattern.</param>
    public static IReadOnlyList<string> Find(string folder, string pattern)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return
        [
            .. Directory.EnumerateFiles(folder, "*", options)
                .Where(file => Path.GetRelativePath(folder, file).Replace('\\', '/') is var path && !path.StartsWith(".git/", StringComparison.Ordinal) && Fits(pattern, path))
                .Order(StringComparer.Ordinal),
        ];
    }

    private static string ToExpression(string pattern)
    {
        var expression = new StringBuilder("^");
        for (var i = 0; i < pattern.Length; i++)
        {
            var rest = pattern.AsSpan(i);
            if (rest.StartsWith("**/", StringComparison.Ordinal))
            {
                expression.Append("(?:.*/)?");
                i += 2;
            }
            else if (rest.StartsWith("**", StringComparison.Ordinal))
            {
                expression.Append(".*");
                i++;
            }
            else
            {
                expression.Append(pattern[i] switch { '*' => "[^/]*", '?' => "[^/]", var other => Regex.Escape(other.ToString()) });
            }
        }

        return expression.Append(pattern.EndsWith('/') ? ".*$" : "(?:/.*)?$").ToString();
    }
}
