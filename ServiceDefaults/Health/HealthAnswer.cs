using System.Text.Json.Serialization;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.ServiceDefaults.Health;

/// <summary>The body of a health endpoint.</summary>
/// <param name="Status">healthy, degraded or unhealthy: the worst of the components.</param>
/// <param name="Timestamp">When the checks ended, UTC.</param>
/// <param name="Version">The service's version.</param>
/// <param name="UptimeMs">Milliseconds since the service started.</param>
/// <param name="Components">One entry per check, by its name.</param>
internal sealed record HealthAnswer(
    string Status,
    DateTimeOffset Timestamp,
    string Version,
    long UptimeMs,
    IReadOnlyDictionary<string, HealthAnswer.Component> Components)
{
    internal static HealthAnswer From(HealthReport report, HealthHistory history, ServiceUptime uptime, DateTimeOffset now) => new(
        Word(report.Status),
        now,
        uptime.Version,
        (long)uptime.Elapsed.TotalMilliseconds,
        report.Entries.ToDictionary(
            entry => entry.Key,
            entry => new Component(Word(entry.Value.Status), entry.Value.Description, history.SinceOf(entry.Key), Math.Round(entry.Value.Duration.TotalMilliseconds, 2)),
            StringComparer.Ordinal));

    private static string Word(HealthStatus status) => status switch
    {
        HealthStatus.Healthy => "healthy",
        HealthStatus.Degraded => "degraded",
        _ => "unhealthy",
    };

    /// <param name="Status">healthy, degraded or unhealthy.</param>
    /// <param name="Message">What is wrong and what helps; null when there is nothing to say.</param>
    /// <param name="Since">Since when the status is what it is, as far as this process knows.</param>
    /// <param name="ResponseTimeMs">How long the check took, in milliseconds.</param>
    internal sealed record Component(string Status, string? Message, DateTimeOffset? Since, double ResponseTimeMs);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(HealthAnswer))]
internal sealed partial class HealthJson : JsonSerializerContext;
