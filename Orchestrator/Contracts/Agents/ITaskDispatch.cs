namespace Stack.Contracts;

/// <summary>
/// The engine's side of a broker. A broker adapter takes attempts from <see cref="ITaskFeed.ClaimAsync"/> without a lease, publishes them, and says here what became of them.
/// </summary>
/// <remarks>
/// Thread-safe. Nothing depends on these calls for safety: the attempt is in the store before it can be claimed, and an attempt that is published twice is fenced by its number.
/// They only keep what is shown true, and find attempts again whose message got lost.
/// </remarks>
public interface ITaskDispatch
{
    /// <summary>
    /// Notes that a broker holds attempts durably: they are <see cref="AttemptStatus.Dispatched"/>. Written a moment later, with whatever else is; an attempt that ended or was started
    /// in the meantime is left as it is. After a restart they are offered again when the deadline has passed, not before.
    /// </summary>
    /// <param name="tasks">The attempts.</param>
    /// <param name="deadline">Until when an agent should have started them.</param>
    void Confirm(IReadOnlyCollection<TaskId> tasks, DateTimeOffset deadline);

    /// <summary>How often the agent that holds an attempt began it, as far as this orchestrator was told: more than once means that it was cut off and had it again. 0: nobody holds it.</summary>
    /// <param name="taskId">The attempt.</param>
    int CountStarts(TaskId taskId);

    /// <summary>Offers attempts again, under the same number: publishing failed, or nobody started them in time. Attempts that are over or that an agent holds are left alone.</summary>
    /// <param name="tasks">The attempts.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What became of each, in order.</returns>
    Task<IReadOnlyList<DispatchReturn>> ReturnAsync(IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken);
}

/// <summary>What became of an attempt that a broker adapter gave back.</summary>
public enum DispatchReturn
{
    /// <summary>It can be claimed again.</summary>
    Offered,

    /// <summary>An agent holds it.</summary>
    Held,

    /// <summary>It is not the outstanding attempt of its stage any more.</summary>
    Over,
}

/// <summary>Learns of agents that come and of attempts that end, so that a broker adapter knows what the agents can take and have left to do.</summary>
public interface IDispatchListener
{
    /// <summary>An agent registers. Called before it gets its answer, so that what it needs is there when it begins; a broker that is away must not hold it up.</summary>
    /// <param name="registration">The agent.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task JoinedAsync(AgentRegistration registration, CancellationToken cancellationToken);

    /// <summary>An attempt ended, however. Called after that is durable; must return at once.</summary>
    /// <param name="taskId">The attempt.</param>
    void Ended(TaskId taskId);

    /// <summary>An attempt shall be stopped wherever it is: under way at an agent, or waiting at a broker. Must return at once.</summary>
    /// <param name="taskId">The attempt.</param>
    /// <param name="reason">Why; see <see cref="CancelEnvelope.Reason"/>.</param>
    void Stopped(TaskId taskId, string reason);
}
