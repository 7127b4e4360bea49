using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Knows the agents of one orchestrator, in its memory.</summary>
/// <param name="time">The clock.</param>
/// <param name="heartbeatInterval">How often agents give a sign of life; three missed ones make one offline.</param>
public sealed class InMemoryAgentRegistry(TimeProvider time, TimeSpan heartbeatInterval) : IAgentRegistry
{
    private const int MissedHeartbeats = 3;
    private static readonly TimeSpan Memory = TimeSpan.FromDays(1);

    private readonly ConcurrentDictionary<AgentId, Agent> _agents = new();

    /// <inheritdoc />
    public Task RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = time.GetUtcNow();
        _agents[registration.AgentId] = new Agent(registration, now, now, new AgentHeartbeat { AgentId = registration.AgentId }, Gone: false);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<bool> TouchAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (_agents.TryGetValue(heartbeat.AgentId, out var agent) && !agent.Gone && !IsForgotten(agent))
        {
            if (_agents.TryUpdate(heartbeat.AgentId, agent with { LastHeartbeat = time.GetUtcNow(), Sign = heartbeat }, agent))
            {
                return Task.FromResult(true);
            }
        }

        return Task.FromResult(false);
    }

    /// <inheritdoc />
    public Task RemoveAsync(AgentId agentId, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        while (_agents.TryGetValue(agentId, out var agent)
            && !_agents.TryUpdate(agentId, agent with { Gone = true, Sign = agent.Sign with { Running = [] } }, agent))
        {
            // Someone else changed the agent in between.
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc />
    public Task<IReadOnlyList<AgentResource>> ListAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        foreach (var (id, agent) in _agents)
        {
            if (IsForgotten(agent))
            {
                _agents.TryRemove(KeyValuePair.Create(id, agent));
            }
        }

        IReadOnlyList<AgentResource> agents =
        [
            .. _agents.Values.Select(Show).OrderBy(agent => agent.AgentType, StringComparer.Ordinal).ThenBy(agent => agent.AgentId.Value, StringComparer.Ordinal),
        ];
        return Task.FromResult(agents);
    }

    private bool IsForgotten(Agent agent) => time.GetUtcNow() - agent.LastHeartbeat >= Memory;

    private AgentStatus StatusOf(Agent agent)
    {
        if (agent.Gone || agent.Sign.Status is AgentStatus.Offline || time.GetUtcNow() - agent.LastHeartbeat > heartbeatInterval * MissedHeartbeats)
        {
            return AgentStatus.Offline;
        }

        if (agent.Sign.Status is AgentStatus.Draining)
        {
            return AgentStatus.Draining;
        }

        return agent.Sign.Running.Count >= agent.Registration.MaxConcurrency ? AgentStatus.Busy : AgentStatus.Online;
    }

    private AgentResource Show(Agent agent) => new()
    {
        AgentId = agent.Registration.AgentId,
        AgentType = agent.Registration.AgentType,
        Version = agent.Registration.Version,
        Capabilities = agent.Registration.Capabilities,
        Resources = agent.Registration.Resources,
        Status = StatusOf(agent),
        Health = agent.Sign.Health,
        Running = agent.Sign.Running,
        MaxConcurrency = agent.Registration.MaxConcurrency,
        TasksProcessed = agent.Sign.TasksProcessed,
        Errors = agent.Sign.Errors,
        Host = agent.Registration.Host,
        Pid = agent.Registration.Pid,
        RegisteredAt = agent.RegisteredAt,
        LastHeartbeat = agent.LastHeartbeat,
    };

    /// <summary>What is known of an agent.</summary>
    private sealed record Agent(AgentRegistration Registration, DateTimeOffset RegisteredAt, DateTimeOffset LastHeartbeat, AgentHeartbeat Sign, bool Gone);
}
