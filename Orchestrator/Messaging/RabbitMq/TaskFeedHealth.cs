using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.Messaging.RabbitMq;

/// <summary>Whether an agent's broker can be used. Without it attempts under way finish and are reported directly; no new ones come.</summary>
internal sealed class TaskFeedHealth(RabbitMqTaskFeed feed) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(feed.Trouble is { } trouble ? HealthCheckResult.Degraded($"RabbitMQ cannot be used, and no tasks come: {trouble}") : HealthCheckResult.Healthy());
}
