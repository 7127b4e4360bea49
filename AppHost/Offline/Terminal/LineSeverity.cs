using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// How serious a line of a program's output is, judged by the marks that .NET's console logger, PostgreSQL, Redis, RabbitMQ and most others put into it. What carries no mark and is indented
/// belongs to the line before it. One of these per log: it remembers the line before.
/// </summary>
internal sealed partial class LineSeverity
{
    private LogLevel last = LogLevel.Information;

    /// <summary>How serious the next line of the log is.</summary>
    internal LogLevel Judge(string line, bool isError)
    {
        var text = AnsiText.Strip(line);
        // A stack trace or a second line of a message goes with its head.
        if (last != LogLevel.Information && text.Length > 0 && (char.IsWhiteSpace(text[0]) || text.StartsWith("---> ", StringComparison.Ordinal)))
        {
            return last;
        }
        return last = MarkOf(text) ?? (isError && text.Length > 0 ? LogLevel.Warning : LogLevel.Information);
    }

    private static LogLevel? MarkOf(string text)
    {
        var mark = Mark().Match(text);
        if (mark.Success)
        {
            return LevelOf(mark.Groups["word"].Value);
        }
        if (Redis().Match(text) is { Success: true } redis)
        {
            return redis.Groups["mark"].Value == "#" && Trouble().IsMatch(text) ? LogLevel.Warning : LogLevel.Information;
        }
        return Unhandled().IsMatch(text) ? LogLevel.Critical : null;
    }

    private static LogLevel LevelOf(string word) => word.ToLowerInvariant() switch
    {
        "crit" or "critical" or "fatal" or "panic" => LogLevel.Critical,
        "fail" or "error" or "err" => LogLevel.Error,
        "warn" or "warning" => LogLevel.Warning,
        "dbug" or "debug" or "trce" or "trace" => LogLevel.Debug,
        _ => LogLevel.Information,
    };

    // At the beginning, after a time stamp, after a process id in brackets, or as the level of a JSON line.
    [GeneratedRegex(
        @"^(?:[\d\-:.,TZ+ ]{8,40}(?:[A-Z]{3,4} )?(?:\[[\w\-]+\] )?)?\[?(?<word>trce|dbug|info|warn|fail|crit|trace|debug|notice|warning|error|critical|fatal|panic|log|hint|detail|statement)\]?(?::|\s|\[|$)|""(?:level|severity|LogLevel)""\s*:\s*""(?<word>\w+)""|\[(?<word>info|debug|notice|warning|error|critical)\]",
        RegexOptions.IgnoreCase)]
    private static partial Regex Mark();

    [GeneratedRegex(@"^\d+:[XCSM] .{15,30} (?<mark>[.\-*#]) ")]
    private static partial Regex Redis();

    // Redis marks with # whatever it finds remarkable, its own start included.
    [GeneratedRegex("warning|error|fail|fatal|can't|unable|denied|crash", RegexOptions.IgnoreCase)]
    private static partial Regex Trouble();

    [GeneratedRegex(@"^(Unhandled exception|Traceback \(most recent call last\)|thread '.*' panicked|panic: )")]
    private static partial Regex Unhandled();
}
