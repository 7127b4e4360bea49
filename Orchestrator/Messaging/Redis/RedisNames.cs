using Stack.Contracts;

namespace Stack.Messaging.Redis;

/// <summary>What everything is called in Redis. Operators type these.</summary>
internal static class RedisNames
{
    /// <summary>A hash: agent id → the agent as JSON.</summary>
    public const string Registry = "agent:registry";

    /// <summary>A channel: attempts that ended, as they are durable. A notification, never the result itself.</summary>
    public const string Results = "orchestrator:results";

    /// <summary>A channel: an orchestrator committed events up to an id.</summary>
    public const string Events = "orchestrator:events";

    /// <summary>A set: agent types that have a list of tasks.</summary>
    public const string TaskTypes = "agent:task-types";

    /// <summary>A key that expires: which orchestrator keeps the lists of tasks.</summary>
    public const string TasksKeeper = "orchestrator:tasks-keeper";

    /// <summary>A key that expires: an orchestrator could write a moment ago.</summary>
    public const string Alive = "orchestrator:alive";

    /// <summary>A list: the tasks of an agent type that wait.</summary>
    /// <param name="agentType">The type.</param>
    public static string Tasks(string agentType) => "agent:tasks:" + agentType;

    /// <summary>A key that expires when an agent is silent.</summary>
    /// <param name="agent">The agent.</param>
    public static string Heartbeat(AgentId agent) => "agent:heartbeat:" + agent.Value;
}
