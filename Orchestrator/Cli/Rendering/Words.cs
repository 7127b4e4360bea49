using System.Globalization;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>Values as people read them.</summary>
internal static class Words
{
    /// <summary>An enum's value as the API writes it, for example <c>awaiting_approval</c>.</summary>
    public static string Of<TEnum>(TEnum value)
        where TEnum : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>All values of an enum as the API writes them.</summary>
    public static string[] AllOf<TEnum>()
        where TEnum : struct, Enum => [.. Enum.GetValues<TEnum>().Select(Of)];

    /// <summary>A duration, for example <c>0.4 s</c>, <c>41 s</c>, <c>3 m 02 s</c>, <c>5 h 07 m</c>, <c>2 d 04 h</c>.</summary>
    public static string Of(TimeSpan duration) => duration switch
    {
        { Ticks: <= 0 } => "0 s",
        { TotalSeconds: < 10 } => string.Create(CultureInfo.InvariantCulture, $"{duration.TotalSeconds:0.0} s"),
        { TotalSeconds: < 60 } => $"{(int)duration.TotalSeconds} s",
        { TotalHours: < 1 } => $"{duration.Minutes} m {duration.Seconds:00} s",
        { TotalDays: < 1 } => $"{duration.Hours} h {duration.Minutes:00} m",
        _ => $"{duration.Days} d {duration.Hours:00} h",
    };

    /// <summary>A duration in milliseconds; a hyphen when there is none.</summary>
    public static string OfMilliseconds(long? milliseconds) => milliseconds is { } some ? Of(TimeSpan.FromMilliseconds(some)) : "-";

    /// <summary>How long ago something was, for example <c>3 m ago</c>.</summary>
    public static string Ago(DateTimeOffset at, TimeProvider time)
    {
        var passed = time.GetUtcNow() - at;
        return passed switch
        {
            { TotalSeconds: < 1 } => "now",
            { TotalMinutes: < 1 } => $"{(int)passed.TotalSeconds} s ago",
            { TotalHours: < 1 } => $"{(int)passed.TotalMinutes} m ago",
            { TotalDays: < 1 } => $"{(int)passed.TotalHours} h ago",
            _ => $"{(int)passed.TotalDays} d ago",
        };
    }

    /// <summary>A time of day in the person's zone.</summary>
    public static string TimeOfDay(DateTimeOffset at, TimeProvider time) =>
        TimeZoneInfo.ConvertTime(at, time.LocalTimeZone).ToString("HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>A time without loss, as the API reads it, for example <c>2026-01-31T12:00:00Z</c>.</summary>
    public static string Exactly(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'", CultureInfo.InvariantCulture);

    /// <summary>A size, for example <c>12.3 KiB</c>.</summary>
    public static string OfBytes(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} B",
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.0} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024.0:0.0} MiB"),
    };

    /// <summary>A text's first line, shortened.</summary>
    public static string FirstLine(string text, int limit)
    {
        var line = text.AsSpan().Trim();
        var end = line.IndexOfAny('\r', '\n');
        line = end < 0 ? line : line[..end];
        return line.Length <= limit ? line.ToString() : $"{line[..(limit - 1)]}…";
    }

    /// <summary>An id that a person can type: the milliseconds of its creation, 13 characters, or more where they are not unique among others.</summary>
    public static string Short(WorkflowId id, IEnumerable<WorkflowId>? among = null)
    {
        var text = id.ToString();
        var others = among?.Where(other => other != id).Select(other => other.ToString()).ToArray() ?? [];
        var length = 13;
        while (length < text.Length && others.Any(other => other.AsSpan(0, length).SequenceEqual(text.AsSpan(0, length))))
        {
            length++;
        }

        return text[..length];
    }
}
