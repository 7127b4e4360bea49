using System.Globalization;
using System.Text.Json;

namespace Aspire.Hosting.Offline;

/// <summary>How ids and enumerations are spelled in answers.</summary>
internal static class TelemetryWords
{
    internal static string Of<T>(T value) where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Null for none.</summary>
    internal static string? OfTrace(UInt128 id) => id == 0 ? null : id.ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>Null for none.</summary>
    internal static string? OfSpan(ulong id) => id == 0 ? null : id.ToString("x16", CultureInfo.InvariantCulture);
}
