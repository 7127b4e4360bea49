namespace Stack.Contracts;

/// <summary>
/// The one port between agents and the orchestrator. The engine implements it; the HTTP feed serves it to agents elsewhere and a client implements it for them;
/// a broker adapter claims through it on behalf of the agents behind the broker.
/// </summary>
/// <remarks>
/// Thread-safe. Delivery is at least once: an attempt may be given out again under the same number after a crash, and under a higher number after its lease expired.
/// What makes that harmless is fencing: only the result of the current attempt number counts, and only once.
/// </remarks>
public interface ITaskFeed
{
    /// <summary>Makes an agent known. Idempotent by agent id.</summary>
    /// <param name="registration">The agent.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken);

    /// <summary>Says goodbye. Leases that the agent still holds are given back at once, at no cost to their stages. Idempotent.</summary>
    /// <param name="agentId">The agent.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task DeregisterAsync(AgentId agentId, CancellationToken cancellationToken);

    /// <summary>
    /// Takes attempts, highest priority first and oldest first within a priority. Waits up to <see cref="TaskClaim.WaitMs"/> for the first one. The lease of each begins on return.
    /// </summary>
    /// <param name="claim">What is wanted.</param>
    /// <param name="cancellationToken">Ends the wait. Attempts that were about to be given go back.</param>
    /// <returns>At most <see cref="TaskClaim.MaxTasks"/> tasks; empty when there was none in time.</returns>
    Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken);

    /// <summary>
    /// Starts an attempt that came without a lease (through a broker), or asks again whether one is still current. Idempotent for the same agent.
    /// </summary>
    /// <param name="taskId">The attempt.</param>
    /// <param name="agentId">Who makes it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether the attempt is current and this agent's. False: drop it.</returns>
    Task<bool> StartAsync(TaskId taskId, AgentId agentId, CancellationToken cancellationToken);

    /// <summary>
    /// Renews the leases of the attempts that the agent names and learns which of its attempts to stop. Waits up to <see cref="AgentHeartbeat.WaitMs"/> for the first such attempt,
    /// so that a cancel reaches the agent at once.
    /// </summary>
    /// <param name="heartbeat">The agent and what it holds.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken);

    /// <summary>
    /// Hands in results. On return every receipt is durable: a result that is <see cref="ReceiptStatus.Accepted"/> survives any crash. Idempotent by task id.
    /// </summary>
    /// <param name="results">The results.</param>
    /// <param name="cancellationToken">Ends the wait, not the storing.</param>
    /// <returns>One receipt for each result, in order.</returns>
    Task<IReadOnlyList<ResultReceipt>> ReportAsync(IReadOnlyList<ResultEnvelope> results, CancellationToken cancellationToken);

    /// <summary>Tells how attempts get on. Those that are not current are dropped silently.</summary>
    /// <param name="statuses">The statuses, in order.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task ReportStatusAsync(IReadOnlyList<StatusEnvelope> statuses, CancellationToken cancellationToken);

    /// <summary>Looks up the journaled result of a durable step, made by any attempt at the same stage.</summary>
    /// <param name="key">The step.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>The result, or null when the step was not journaled.</returns>
    Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken);

    /// <summary>
    /// Journals the result of a durable step. Durable on return. The first writer wins: when the step is journaled already, what stands there is returned.
    /// </summary>
    /// <param name="taskId">The attempt that made the step; it must be current.</param>
    /// <param name="key">The step.</param>
    /// <param name="result">Its result, at most 1 MiB.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What the journal holds, or null when the attempt is not current and nothing was written.</returns>
    Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken);
}

/// <summary>What an agent wants to take.</summary>
public sealed record TaskClaim
{
    /// <summary>Who takes the tasks. Null: a broker adapter, which takes them without a lease.</summary>
    public AgentId? AgentId { get; init; }

    /// <summary>Which tasks.</summary>
    public required string AgentType { get; init; }

    /// <summary>At most this many; 1 to 1,000.</summary>
    public int MaxTasks { get; init; } = 1;

    /// <summary>Milliseconds to wait for the first task; 0 to 60,000. Zero: answer at once.</summary>
    public int WaitMs { get; init; } = 30_000;
}

/// <summary>A sign of life.</summary>
public sealed record AgentHeartbeat
{
    /// <summary>The agent.</summary>
    public required AgentId AgentId { get; init; }

    /// <summary>The attempts whose leases it renews.</summary>
    public IReadOnlyList<TaskId> Running { get; init; } = [];

    /// <summary>Whether it takes more.</summary>
    public AgentStatus Status { get; init; } = AgentStatus.Online;

    /// <summary>How it feels.</summary>
    public AgentHealth Health { get; init; } = AgentHealth.Healthy;

    /// <summary>Attempts that it ended since it started.</summary>
    public long TasksProcessed { get; init; }

    /// <summary>Attempts among them that ended in an unexpected error.</summary>
    public long Errors { get; init; }

    /// <summary>Milliseconds to wait for a cancel; 0 to 60,000, and no longer than the heartbeat interval in any case. Zero: answer at once.</summary>
    public int WaitMs { get; init; }
}

/// <summary>What the orchestrator answers to a heartbeat.</summary>
public sealed record HeartbeatReply
{
    /// <summary>Whether the orchestrator knows the agent. False: register again.</summary>
    public bool Known { get; init; } = true;

    /// <summary>Attempts to stop; their results no longer count.</summary>
    public IReadOnlyList<CancelEnvelope> Cancels { get; init; } = [];
}

/// <summary>What became of a result.</summary>
public sealed record ResultReceipt
{
    /// <summary>The attempt.</summary>
    public required TaskId TaskId { get; init; }

    /// <summary>What became of it.</summary>
    public required ReceiptStatus Status { get; init; }

    /// <summary>Why it did not count, with the number that is current. Null when it did.</summary>
    public string? Reason { get; init; }
}

/// <summary>What became of a result. In every case the sender can forget it.</summary>
[System.Text.Json.Serialization.JsonConverter(typeof(SnakeCaseEnum<ReceiptStatus>))]
public enum ReceiptStatus
{
    /// <summary>It counts.</summary>
    Accepted,

    /// <summary>The same attempt's result counted before.</summary>
    Duplicate,

    /// <summary>The attempt is not current: a later one took its place, or the workflow ended.</summary>
    Stale,

    /// <summary>There is no such workflow or stage.</summary>
    Unknown,
}

/// <summary>Names a durable step: what it is called and what went into it. The order of steps does not matter.</summary>
/// <param name="WorkflowId">The workflow.</param>
/// <param name="Stage">The stage.</param>
/// <param name="Name">The step's name, unique within the stage for the same input.</param>
/// <param name="InputHash">SHA-256 of the input, lower-case hexadecimal.</param>
public readonly record struct StepKey(WorkflowId WorkflowId, string Stage, string Name, string InputHash);
