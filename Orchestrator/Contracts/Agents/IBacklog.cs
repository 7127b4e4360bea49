namespace Stack.Contracts;

/// <summary>What waits for agents, in the store: what every orchestrator has to give out together.</summary>
public interface IBacklog
{
    /// <summary>Counts the tasks that no agent has begun.</summary>
    /// <param name="most">At most this many of each type are named.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>One entry for each agent type for which something waits.</returns>
    Task<IReadOnlyList<WaitingTasks>> ReadAsync(int most, CancellationToken cancellationToken);
}

/// <summary>The tasks of one agent type that no agent has begun.</summary>
/// <param name="AgentType">The type.</param>
/// <param name="Count">How many there are.</param>
/// <param name="Tasks">Some of them.</param>
public sealed record WaitingTasks(string AgentType, long Count, IReadOnlyList<TaskId> Tasks);
