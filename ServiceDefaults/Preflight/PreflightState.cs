using System.Collections.Concurrent;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Stack.ServiceDefaults.Preflight;

/// <summary>What is still missing before the service may call itself ready. Thread-safe.</summary>
internal sealed class PreflightState(IEnumerable<IPreflightCheck> checks) : IHealthCheck
{
    private readonly ConcurrentDictionary<string, string> missing =
        new(checks.Select(check => KeyValuePair.Create(check.Name, "not checked yet")).DistinctBy(entry => entry.Key, StringComparer.Ordinal));

    internal bool Passed => missing.IsEmpty;

    internal void Pass(IPreflightCheck check) => missing.TryRemove(check.Name, out _);

    internal void Fail(IPreflightCheck check, string cause) => missing[check.Name] = $"{cause}. {check.Remedy}";

    internal void PassAll() => missing.Clear();

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        => Task.FromResult(Passed
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy("Waiting for " + string.Join("; ", missing.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}: {entry.Value}"))));
}
