using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>OTLP's times: nanoseconds since 1970.</summary>
internal static class TelemetryTime
{
    private const long NanosecondsPerTick = 100;

    // The end of the year 2199, which leaves room for sums.
    private const long Latest = 7_258_118_399_000_000_000;

    internal static long FromWire(ulong nanoseconds) => (long)Math.Min(nanoseconds, Latest);

    internal static long From(DateTimeOffset time) => Math.Clamp(time.UtcTicks - DateTime.UnixEpoch.Ticks, 0, Latest / NanosecondsPerTick) * NanosecondsPerTick;

    internal static DateTime ToDateTime(long nanoseconds) => DateTime.UnixEpoch.AddTicks(Math.Clamp(nanoseconds, 0, Latest) / NanosecondsPerTick);

    internal static string ToText(long nanoseconds) => ToDateTime(nanoseconds).ToString("yyyy-MM-ddTHH:mm:ss.fffffffZ", CultureInfo.InvariantCulture);

    internal static string ToText(DateTimeOffset time) => ToText(From(time));

    internal static double ToMilliseconds(long nanoseconds) => nanoseconds / 1e6;
}
