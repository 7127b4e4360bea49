using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Finds the last error in the end of a log: its head and the lines that belong to it.</summary>
internal static class LastError
{
    private const int LongestLines = 8;
    private const int LongestLine = 600;

    /// <summary>The last error at or after a moment; null when there is none.</summary>
    /// <param name="lines">The end of the log, oldest first.</param>
    /// <param name="since">Older ones are another run's; null means all.</param>
    /// <param name="takesAnything">Whether the last words will do when nothing is marked as an error, because it is known that something went wrong.</param>
    internal static ExplainedError? Find(IReadOnlyList<StampedLine> lines, DateTimeOffset? since, bool takesAnything)
    {
        var severity = new LineSeverity();
        var judged = lines.Where(one => since is null || one.At >= since).Select(one => (Stamped: one, Level: severity.Judge(one.Line.Content, one.Line.IsErrorMessage))).ToArray();
        foreach (var wanted in new[] { LogLevel.Error, LogLevel.Warning })
        {
            var last = Array.FindLastIndex(judged, one => one.Level >= wanted && !IsContinuation(one.Stamped.Line.Content));
            if (last >= 0)
            {
                var belonging = judged.Skip(last).TakeWhile((one, index) => index == 0 || IsContinuation(one.Stamped.Line.Content)).Take(LongestLines);
                return Make(belonging.Select(one => one.Stamped));
            }
        }
        var words = judged.Select(one => one.Stamped).Where(one => one.Line.Content.Trim().Length > 0).TakeLast(3).ToArray();
        return takesAnything && words.Length > 0 ? Make(words) : null;
    }

    private static ExplainedError Make(IEnumerable<StampedLine> lines)
    {
        var all = lines.ToArray();
        return new("log", string.Join('\n', all.Select(one => Shorten(AnsiText.Strip(one.Line.Content)))), all[0].At);
    }

    private static string Shorten(string line) => line.Length <= LongestLine ? line : $"{line[..LongestLine]}…";

    private static bool IsContinuation(string line) => AnsiText.Strip(line) is { Length: > 0 } text && (char.IsWhiteSpace(text[0]) || text.StartsWith("---> ", StringComparison.Ordinal));
}
