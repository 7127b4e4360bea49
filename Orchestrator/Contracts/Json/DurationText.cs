using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;

namespace Stack.Contracts;

/// <summary>Durations as people write them in definitions: <c>500ms</c>, <c>30s</c>, <c>5m</c>, <c>1h30m</c>, <c>7d</c>.</summary>
public static partial class DurationText
{
    /// <summary>What a duration looks like, for error messages and the JSON Schema.</summary>
    public const string Pattern = @"^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$";

    private const long MostTicks = 3650 * TimeSpan.TicksPerDay;

    /// <summary>Parses a duration. A bare number is refused: its unit would be a guess.</summary>
    /// <param name="text">The text.</param>
    /// <param name="value">The duration, when the text is one.</param>
    /// <returns>Whether the text is a duration. Negative durations are not, nor are those of more than 3,650 days.</returns>
    public static bool TryParse(string? text, out TimeSpan value)
    {
        value = TimeSpan.Zero;
        if (string.IsNullOrWhiteSpace(text) || text[^1] == '\n' || !Whole().IsMatch(text))
        {
            return false;
        }

        decimal ticks = 0;
        foreach (Match part in Part().Matches(text))
        {
            if (!decimal.TryParse(part.Groups[1].ValueSpan, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount) || amount > MostTicks)
            {
                return false;
            }

            ticks += amount * TicksPer(part.Groups[2].ValueSpan);
            if (ticks > MostTicks)
            {
                return false;
            }
        }

        value = TimeSpan.FromTicks((long)ticks);
        return true;
    }

    /// <summary>Writes a duration in its shortest exact form, for example <c>1h30m</c>. Negative durations get a leading minus, which no reader accepts.</summary>
    /// <param name="value">The duration.</param>
    public static string Format(TimeSpan value)
    {
        if (value == TimeSpan.Zero)
        {
            return "0s";
        }

        var text = new StringBuilder(value < TimeSpan.Zero ? "-" : "");
        value = value.Duration();
        Append(text, value.Days, "d");
        Append(text, value.Hours, "h");
        Append(text, value.Minutes, "m");
        Append(text, value.Seconds, "s");
        Append(text, value.Ticks % TimeSpan.TicksPerSecond / (decimal)TimeSpan.TicksPerMillisecond, "ms");
        return text.ToString();
    }

    private static void Append(StringBuilder text, decimal amount, string unit)
    {
        if (amount != 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"{amount:0.####}{unit}");
        }
    }

    private static long TicksPer(ReadOnlySpan<char> unit) => unit switch
    {
        "ms" => TimeSpan.TicksPerMillisecond,
        "s" => TimeSpan.TicksPerSecond,
        "m" => TimeSpan.TicksPerMinute,
        "h" => TimeSpan.TicksPerHour,
        _ => TimeSpan.TicksPerDay,
    };

    [GeneratedRegex(Pattern)]
    private static partial Regex Whole();

    [GeneratedRegex(@"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d)")]
    private static partial Regex Part();

    /// <summary>Reads and writes a <see cref="TimeSpan"/> as duration text.</summary>
    public sealed class Converter : JsonConverter<TimeSpan>
    {
        /// <inheritdoc />
        public override TimeSpan Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            TryParse(reader.GetString(), out var value) ? value : throw new JsonException("A duration looks like 500ms, 30s, 5m, 1h30m or 7d.");

        /// <inheritdoc />
        public override void Write(Utf8JsonWriter writer, TimeSpan value, JsonSerializerOptions options) => writer.WriteStringValue(Format(value));
    }
}
