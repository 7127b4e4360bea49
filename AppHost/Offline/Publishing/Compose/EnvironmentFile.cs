using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>The file <c>.env</c> beside a Compose file. It belongs to whoever deploys: what is in it stays, line by line; only keys that are missing are added.</summary>
internal static class EnvironmentFile
{
    /// <summary>The text of the file with the missing keys.</summary>
    /// <param name="present">The text now; null when there is no file.</param>
    /// <param name="variables">The keys that the Compose file needs.</param>
    internal static string Merge(string? present, IEnumerable<ComposeVariable> variables)
    {
        var text = new StringBuilder(present);
        if (text.Length > 0 && text[^1] != '\n')
        {
            text.Append('\n');
        }
        var known = Read(present ?? "");
        foreach (var variable in variables.Where(variable => !known.ContainsKey(variable.Name)))
        {
            text.Append("# ").Append(variable.Comment).Append('\n').Append(variable.Name).Append('=').Append(Quote(variable.Value)).Append("\n\n");
        }
        return text.ToString();
    }

    /// <summary>The values, as Compose reads them: the last line of a key counts; quotes around a value are taken off.</summary>
    internal static Dictionary<string, string> Read(string text)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var line in text.Split('\n').Select(line => line.Trim()))
        {
            var content = line.StartsWith("export ", StringComparison.Ordinal) ? line["export ".Length..] : line;
            if (!content.StartsWith('#') && content.IndexOf('=', StringComparison.Ordinal) is var mark and > 0)
            {
                values[content[..mark].TrimEnd()] = Unquote(content[(mark + 1)..].Trim());
            }
        }
        return values;
    }

    /// <summary>A value as a line of the file has it: in single quotes, in which nothing is replaced, when it has other than plain characters.</summary>
    internal static string Quote(string value)
    {
        if (value.All(letter => char.IsAsciiLetterOrDigit(letter) || "-._~/:@%+,=".Contains(letter, StringComparison.Ordinal)))
        {
            return value;
        }
        return value.Contains('\'', StringComparison.Ordinal)
            ? $"\"{value.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("$", "\\$", StringComparison.Ordinal)}\""
            : $"'{value}'";
    }

    private static string Unquote(string value)
    {
        if (value is ['\'', ..] && value.IndexOf('\'', 1) is var single and > 0)
        {
            return value[1..single];
        }
        if (value is not ['"', ..])
        {
            var comment = value.IndexOf(" #", StringComparison.Ordinal);
            return comment < 0 ? value : value[..comment].TrimEnd();
        }
        var text = new StringBuilder(value.Length);
        for (var index = 1; index < value.Length && value[index] != '"'; index++)
        {
            if (value[index] == '\\' && index + 1 < value.Length)
            {
                index++;
            }
            text.Append(value[index]);
        }
        return text.ToString();
    }
}
