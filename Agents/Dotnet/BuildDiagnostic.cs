using System.Text.RegularExpressions;

namespace Stack.Agents.Dotnet;

/// <summary>An error or a warning of a build.</summary>
/// <param name="IsError">Whether it is an error.</param>
/// <param name="Code">Its code, for example <c>CS0103</c>.</param>
/// <param name="Message">What is wrong.</param>
/// <param name="Path">The file, relative to the root. Null: it has none.</param>
/// <param name="Line">The line, from 1. Null: it has none.</param>
internal sealed partial record BuildDiagnostic(bool IsError, string Code, string Message, string? Path, int? Line)
{
    /// <summary>Whether it says that packages could not be had, which is nobody's fault who writes code.</summary>
    public bool IsAboutPackageSource => IsError && Code is "NU1301" or "NU1101" or "NU1100" or "NU1102" or "NU1103";

    /// <summary>Reads the diagnostics out of what a build wrote, each once.</summary>
    /// <param name="output">What it wrote.</param>
    /// <param name="root">The folder that paths are made relative to.</param>
    public static IReadOnlyList<BuildDiagnostic> Read(string output, string root) =>
    [
        .. Pattern().Matches(output)
            .Select(match => new BuildDiagnostic(
                match.Groups["severity"].Value == "error",
                match.Groups["code"].Value,
                match.Groups["message"].Value.Trim(),
                Relative(match.Groups["path"].Value.Trim(), root),
                match.Groups["line"].Success ? int.Parse(match.Groups["line"].ValueSpan, System.Globalization.CultureInfo.InvariantCulture) : null))
            .Distinct(),
    ];

    /// <summary>The diagnostic on one line.</summary>
    public override string ToString() => $"{(Path is null ? "" : $"{Path}{(Line is null ? "" : $":{Line}")}: ")}{Code}: {Message}";

    private static string? Relative(string path, string root) =>
        path.Length == 0 || path is "CSC" or "MSBUILD" ? null
        : path.StartsWith(root + "/", StringComparison.Ordinal) ? path[(root.Length + 1)..]
        : path;

    [GeneratedRegex(@"^\s*(?:(?<path>[^\r\n(:][^\r\n(]*?)(?:\((?<line>\d+)(?:,\d+)*\))?\s*:\s+)?(?<severity>error|warning)\s+(?<code>[A-Z]{2,10}\d{1,6}):\s*(?<message>[^\r\n]*?)(?:\s+\[[^\]\r\n]*\])?\r?$", RegexOptions.Multiline)]
    private static partial Regex Pattern();
}
