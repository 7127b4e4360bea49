using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stack.Contracts;

namespace Stack.Agents.Runtime;

/// <summary>The agent's place at the orchestrator: joins, leaves, and says whether the agent is there, as the health check <c>agent</c>. Thread-safe.</summary>
/// <param name="feed">The orchestrator.</param>
/// <param name="registration">What the agent says of itself.</param>
/// <param name="health">How it feels.</param>
/// <param name="time">The clock.</param>
internal sealed class AgentMembership(ITaskFeed feed, Func<CancellationToken, Task<AgentRegistration>> registration, HealthMeter health, TimeProvider time) : IHealthCheck
{
    private AgentRegistration? _self;
    private volatile AgentRegistered? _registered;
    private volatile string? _missed;
    private long _reached;

    /// <summary>Who the agent is.</summary>
    public AgentId AgentId => _self?.AgentId ?? throw new InvalidOperationException("The agent has not joined.");

    /// <summary>The time between heartbeats.</summary>
    public TimeSpan HeartbeatInterval => TimeSpan.FromMilliseconds(Math.Clamp(_registered?.HeartbeatIntervalMs ?? 10_000, 100, 60_000));

    /// <summary>Registers; waits for an orchestrator that is not there yet.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<AgentRegistration> JoinAsync(CancellationToken cancellationToken)
    {
        _self ??= await registration(cancellationToken);
        _registered = await feed.RegisterAsync(_self, cancellationToken);
        Reached();
        return _self;
    }

    /// <summary>Says goodbye.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    public Task LeaveAsync(CancellationToken cancellationToken) => feed.DeregisterAsync(AgentId, cancellationToken);

    /// <summary>The orchestrator answered.</summary>
    public void Reached()
    {
        _missed = null;
        Interlocked.Exchange(ref _reached, time.GetTimestamp());
    }

    /// <summary>The orchestrator did not answer.</summary>
    /// <param name="reason">Why.</param>
    public void Missed(string reason) => _missed = reason;

    /// <inheritdoc />
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(
        (_registered, _missed, health.Health) switch
        {
            (null, _, _) => HealthCheckResult.Unhealthy("Not registered yet: waiting for the orchestrator."),
            (_, { } reason, _) => HealthCheckResult.Degraded($"No contact for {time.GetElapsedTime(Interlocked.Read(ref _reached)).TotalSeconds:0} s. {reason}"),
            (_, _, AgentHealth.Unhealthy) => HealthCheckResult.Unhealthy($"{health.Errors} unexpected errors; see the log."),
            (_, _, AgentHealth.Degraded) => HealthCheckResult.Degraded($"{health.Errors} unexpected errors; see the log."),
            _ => HealthCheckResult.Healthy($"{AgentId} is registered."),
        });
}
