using Microsoft.Extensions.Diagnostics.HealthChecks;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api;

/// <summary>Whether the store answers, and takes what is written: one that only answers accepts no work.</summary>
internal sealed class StoreHealth(IWorkflowStore store) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await store.LoadAsync([default], cancellationToken);
            await store.ParkAsync(NodeRoll.Sole, [], cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (StoreUnavailableException unavailable)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, unavailable.Message);
        }
    }
}

/// <summary>Which agents are there. None is no failure: work waits.</summary>
internal sealed class AgentsHealth(IAgentRegistry registry) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var types = (await registry.ListAsync(cancellationToken)).Where(agent => agent.Status is not AgentStatus.Offline).GroupBy(agent => agent.AgentType).Order(Comparer<IGrouping<string, AgentResource>>.Create((a, b) => string.CompareOrdinal(a.Key, b.Key)));
        var text = string.Join(", ", types.Select(type => $"{type.Count()} {type.Key}"));
        return HealthCheckResult.Healthy(text.Length == 0 ? "no agent is online" : text);
    }
}
