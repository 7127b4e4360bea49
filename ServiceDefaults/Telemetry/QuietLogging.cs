using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Stack.ServiceDefaults.Telemetry;

/// <summary>
/// Raises the level of what the framework says about every request and every probe, so that a service's own lines can be read. A level in
/// <c>Logging:LogLevel</c> for the same category wins.
/// </summary>
internal static class QuietLogging
{
    private static readonly (string Category, LogLevel Level)[] Levels =
    [
        ("Microsoft.AspNetCore", LogLevel.Warning),
        // Four lines per call otherwise; the traces tell it better.
        ("System.Net.Http.HttpClient", LogLevel.Warning),
        // An unhealthy check is in the answer of the health endpoint; here it would be repeated as an error with every probe.
        ("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.Critical),
    ];

    internal static void AddQuietLogging(this IHostApplicationBuilder builder)
    {
        foreach (var (category, level) in Levels)
        {
            if (builder.Configuration[$"Logging:LogLevel:{category}"] is null)
            {
                builder.Logging.AddFilter(category, level);
            }
        }
    }
}
