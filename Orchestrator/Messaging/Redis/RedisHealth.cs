using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.Messaging.Redis;

/// <summary>Whether the live views are there. Without them all work goes on.</summary>
internal sealed class RedisHealth(RedisLink link) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        link.Trouble is { } trouble
            ? new HealthCheckResult(context.Registration.FailureStatus, $"Redis cannot be used: {trouble} Work goes on; agents of other orchestrators, live events of theirs and queue depths are late or missing.")
            : HealthCheckResult.Healthy());
}
