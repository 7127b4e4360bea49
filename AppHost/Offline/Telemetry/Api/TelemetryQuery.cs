using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Offline;

/// <summary>A query that cannot be answered: which field, what it was, what it may be.</summary>
internal sealed class BadQueryException(string field, string value, string remedy) : Exception($"'{value}' is no {field}. {remedy}");

/// <summary>Reads the fields of a query.</summary>
internal sealed class TelemetryQuery(IQueryCollection query)
{
    private const int UsualLimit = 100;
    private const int LargestLimit = 1_000;

    /// <summary>Null when it is absent or empty.</summary>
    internal string? Text(string field) => query[field].ToString() is { Length: > 0 } text ? text : null;

    internal IReadOnlyList<string> Texts(string field) => [.. query[field].OfType<string>().Where(text => text.Length > 0)];

    internal int Limit() => (int)Math.Clamp(Integer("limit") ?? UsualLimit, 1, LargestLimit);

    internal long? Integer(string field) => Text(field) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw new BadQueryException(field, text, "Give a whole number.");

    internal double? Number(string field) => Text(field) is not { } text ? null
        : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number
        : throw new BadQueryException(field, text, "Give a number.");

    internal bool Flag(string field) => Text(field) is not { } text ? false
        : bool.TryParse(text, out var flag) ? flag
        : throw new BadQueryException(field, text, "Give true or false.");

    /// <summary>Nanoseconds since 1970.</summary>
    internal long? Time(string field) => Text(field) is not { } text ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? TelemetryTime.From(time)
        : throw new BadQueryException(field, text, "Give a time as 2026-11-21T14:30:00Z.");

    internal UInt128? TraceId(string field) => Text(field) is not { } text ? null
        : text.Length == 32 && UInt128.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id
        : throw new BadQueryException(field, text, "Give 32 hexadecimal digits.");

    internal ulong? SpanId(string field) => Text(field) is not { } text ? null
        : text.Length == 16 && ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var id) ? id
        : throw new BadQueryException(field, text, "Give 16 hexadecimal digits.");

    internal T? Word<T>(string field) where T : struct, Enum => Text(field) is not { } text ? null
        : Enum.GetValues<T>().Cast<T?>().FirstOrDefault(value => string.Equals(TelemetryWords.Of(value!.Value), text, StringComparison.OrdinalIgnoreCase))
            ?? throw new BadQueryException(field, text, $"Give one of {string.Join(", ", Enum.GetValues<T>().Select(TelemetryWords.Of))}.");
}
