using System.Globalization;
using System.Text.Json;
using Stack.Orchestrator.Api.Problems;

namespace Stack.Orchestrator.Api;

/// <summary>Reads the fields of a query and collects what is wrong with them.</summary>
internal sealed class QueryFields
{
    /// <summary>How many entries a page has when nothing is said.</summary>
    public const int DefaultLimit = 50;

    /// <summary>How many entries a page has at most.</summary>
    public const int MaxLimit = 500;

    private readonly List<string> _problems = [];

    /// <summary>What is wrong. Null: nothing.</summary>
    public Problem? Problem => _problems.Count == 0 ? null : Problem.Invalid(_problems);

    /// <summary>One of the names of an enum.</summary>
    public TEnum? Choice<TEnum>(string name, string? text)
        where TEnum : struct, Enum
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        foreach (var value in Enum.GetValues<TEnum>())
        {
            if (string.Equals(JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString()), text, StringComparison.Ordinal))
            {
                return value;
            }
        }

        Unknown(name, text, Enum.GetNames<TEnum>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName));
        return null;
    }

    /// <summary>Notes a value that is none of those that there are.</summary>
    public void Unknown(string name, string text, IEnumerable<string> known) => _problems.Add($"{name}: '{Shorten(text)}' is not one of: {string.Join(", ", known)}.");

    /// <summary>The size of a page.</summary>
    public int Limit(string? text, int most = MaxLimit) => (int)Number("limit", text, 1, most, DefaultLimit);

    /// <summary>A whole number.</summary>
    public long Number(string name, string? text, long least, long most, long otherwise)
    {
        if (string.IsNullOrEmpty(text))
        {
            return otherwise;
        }

        if (long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
        {
            return number;
        }

        _problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: '{Shorten(text)}' is not a whole number from {least} to {most}."));
        return otherwise;
    }

    /// <summary>A time, as JSON writes it.</summary>
    public DateTimeOffset? Time(string name, string? text)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time))
        {
            return time;
        }

        _problems.Add($"{name}: '{Shorten(text)}' is not a time. Write for example 2026-01-31T12:00:00Z.");
        return null;
    }

    /// <summary>Where the page before ended.</summary>
    public T? Cursor<T>(string? text)
        where T : struct, IParsable<T>
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (T.TryParse(text, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        _problems.Add($"cursor: '{Shorten(text)}' is not a cursor. Pass the next_cursor of the page before.");
        return null;
    }

    /// <summary>An id.</summary>
    public T? Id<T>(string name, string? text)
        where T : struct, IParsable<T>
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        if (T.TryParse(text, CultureInfo.InvariantCulture, out var value))
        {
            return value;
        }

        _problems.Add($"{name}: '{Shorten(text)}' is not an id.");
        return null;
    }

    private static string Shorten(string text) => text.Length > 100 ? text[..100] + "…" : text;
}
