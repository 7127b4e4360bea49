using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Stack.ServiceDefaults.Health;

/// <summary>Remembers since when each check says what it says: looked at every two seconds, and whenever somebody asks. Thread-safe.</summary>
/// <param name="time">The clock.</param>
/// <param name="logger">Where changes are written.</param>
public sealed partial class HealthHistory(TimeProvider time, ILogger<HealthHistory> logger) : IHealthCheckPublisher
{
    /// <summary>How often it looks.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly ConcurrentDictionary<string, (HealthStatus Status, DateTimeOffset Since)> _known = new(StringComparer.Ordinal);

    /// <summary>Since when a check says what it says now. Null: it was never asked.</summary>
    /// <param name="name">The check.</param>
    public DateTimeOffset? SinceOf(string name) => _known.TryGetValue(name, out var known) ? known.Since : null;

    /// <summary>Notes what was just found.</summary>
    /// <param name="report">What was found.</param>
    public void Note(HealthReport report)
    {
        foreach (var (name, entry) in report.Entries)
        {
            if (_known.TryGetValue(name, out var before) && before.Status == entry.Status)
            {
                continue;
            }

            _known[name] = (entry.Status, time.GetUtcNow());
            if (before != default || entry.Status != HealthStatus.Healthy)
            {
                Log(name, entry.Status, entry.Description);
            }
        }
    }

    /// <inheritdoc />
    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        Note(report);
        return Task.CompletedTask;
    }

    private void Log(string name, HealthStatus status, string? reason)
    {
        if (string.IsNullOrEmpty(reason))
        {
            LogChanged(name, status);
        }
        else
        {
            LogChangedBecause(name, status, reason);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Health of {Name}: {Status}.")]
    private partial void LogChanged(string name, HealthStatus status);

    [LoggerMessage(Level = LogLevel.Information, Message = "Health of {Name}: {Status}. {Reason}")]
    private partial void LogChangedBecause(string name, HealthStatus status, string reason);
}
