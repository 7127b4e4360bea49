using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Watches one instance while it runs: runs the health checks of its resource and of those it belongs to, publishes the reports, and
/// publishes the ready event when it is first healthy. Until then it looks ten times a second for five seconds, four times a second for half a minute, and slower later: others wait; once healthy,
/// every 30 seconds, servers every 5, since others stand still without them; after it stopped being healthy, after 1, 2, … 5 seconds.
/// </summary>
internal sealed partial class HealthMonitor(
    HealthCheckService checks,
    ResourceNotificationService notifications,
    IDistributedApplicationEventing eventing,
    IServiceProvider services,
    TimeProvider time,
    ILogger<HealthMonitor> logger)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan WhenHealthy = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan WhenServerIsHealthy = TimeSpan.FromSeconds(5);

    /// <summary>The checks of an instance as reports that have not run yet.</summary>
    internal static ImmutableArray<HealthReportSnapshot> Pending(IResource resource) =>
        [.. Keys(resource).Select(key => new HealthReportSnapshot(key, Status: null, Description: null, ExceptionText: null))];

    /// <summary>Watches until it is told to end; that is before the instance is asked to end, so that a check which fails because of that is no news.</summary>
    internal async Task WatchAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var keys = Keys(instance.Resource);
        var isReady = false;
        var wasHealthy = false;
        for (var attempt = 0; ; attempt++)
        {
            var isHealthy = keys.Length == 0 || await CheckAsync(instance, keys, cancellationToken);
            if (isHealthy && !isReady)
            {
                isReady = true;
                await PublishReadyAsync(instance, cancellationToken);
            }
            if (keys.Length == 0)
            {
                return;
            }
            if (wasHealthy != isHealthy)
            {
                attempt = 0;
                if (!isHealthy)
                {
                    LogUnhealthy(instance.Id);
                }
            }
            wasHealthy = isHealthy;
            await Task.Delay(isHealthy ? instance.Resource.IsContainer() ? WhenServerIsHealthy : WhenHealthy : Pause(attempt, isReady), time, cancellationToken);
        }
    }

    private static TimeSpan Pause(int attempt, bool wasReady) => wasReady
        ? TimeSpan.FromSeconds(Math.Min(attempt + 1, 5))
        : attempt < 50 ? First : attempt < 150 ? First * 2.5 : TimeSpan.FromSeconds(Math.Min(1 + ((attempt - 150) / 5), 5));

    // An embedded resource has no server that could be asked.
    private static ImmutableArray<string> Keys(IResource resource) => resource.IsEmbedded()
        ? []
        : [.. resource.SelfAndAncestors().SelectMany(one => one.Annotations.OfType<HealthCheckAnnotation>()).Select(check => check.Key).Distinct()];

    private async Task<bool> CheckAsync(ResourceInstance instance, ImmutableArray<string> keys, CancellationToken cancellationToken)
    {
        // A check that does not listen is not waited for, and what it says too late counts for nothing.
        var report = await checks.CheckHealthAsync(registration => keys.Contains(registration.Name), cancellationToken).WaitAsync(cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow().UtcDateTime;
        ImmutableArray<HealthReportSnapshot> reports =
        [
            .. keys.Select(key => report.Entries.TryGetValue(key, out var entry)
                ? new HealthReportSnapshot(key, entry.Status, entry.Description, entry.Exception?.ToString()) { LastRunAt = now }
                : new HealthReportSnapshot(key, HealthStatus.Unhealthy, $"There is no health check named '{key}'. Register it with Services.AddHealthChecks().", null) { LastRunAt = now }),
        ];
        await notifications.PublishUpdateAsync(instance.Resource, instance.Id, snapshot => snapshot with { HealthReports = reports });
        return reports.All(one => one.Status == HealthStatus.Healthy);
    }

    private async Task PublishReadyAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        // The subscribers may take their time; only those who wait for the resource wait for them.
        var handled = Task.Run(
            () => instance.Replica == 0 ? eventing.PublishAsync(new ResourceReadyEvent(instance.Resource, services), cancellationToken) : Task.CompletedTask,
            cancellationToken);
        await notifications.PublishUpdateAsync(instance.Resource, instance.Id, snapshot => snapshot with { ReadyEventHandled = handled });
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} is not healthy any more.")]
    private partial void LogUnhealthy(string instance);
}
