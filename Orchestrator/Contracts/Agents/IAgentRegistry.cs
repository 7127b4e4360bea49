namespace Stack.Contracts;

/// <summary>
/// Knows which agents are there. Not durable: agents register again after a restart of whatever holds it. Thread-safe.
/// </summary>
public interface IAgentRegistry
{
    /// <summary>Adds or replaces an agent, online as of now.</summary>
    /// <param name="registration">The agent.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken);

    /// <summary>Notes a sign of life.</summary>
    /// <param name="heartbeat">The sign.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>False: the agent is not known and shall register again.</returns>
    Task<bool> TouchAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken);

    /// <summary>Marks an agent as gone. It stays listed as offline for a while. Idempotent.</summary>
    /// <param name="agentId">The agent.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task RemoveAsync(AgentId agentId, CancellationToken cancellationToken);

    /// <summary>All agents, by type and id; those that missed three heartbeats are offline, and forgotten after a day.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<AgentResource>> ListAsync(CancellationToken cancellationToken);
}
