using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>What everything is called on the server. Operators type these.</summary>
internal static class RabbitMqNames
{
    /// <summary>Results and statuses whose orchestrator is not there: taken by any.</summary>
    public const string Results = "orchestrator.results";

    /// <summary>Where agents publish results and statuses; the routing key is the queue that the task named in <c>reply-to</c>.</summary>
    public const string ResultExchange = "stack.results";

    /// <summary>Takes what <see cref="ResultExchange"/> has no queue for, to <see cref="Results"/>.</summary>
    public const string AnyResultExchange = "stack.results.any";

    /// <summary>Where messages go that cannot be handled; the routing key says what they were.</summary>
    public const string DeadLetterExchange = "stack.dlx";

    /// <summary>Dead letters, kept for people.</summary>
    public const string DeadLetters = "stack.dead-letter";

    /// <summary>Tasks that were delivered too often or refused, for the orchestrators, which find out whose fault it was.</summary>
    public const string Suspects = "orchestrator.suspects";

    /// <summary>Tells all agents which attempts to stop.</summary>
    public const string CancelExchange = "stack.cancels";

    /// <summary>The routing key of tasks that are to be judged.</summary>
    public const string TaskKey = "task";

    /// <summary>The routing key of tasks that were judged to be poison.</summary>
    public const string PoisonKey = "poison";

    /// <summary>The routing key of dead results and statuses.</summary>
    public const string ResultKey = "result";

    /// <summary>The header of a task that was published before and may be under way somewhere.</summary>
    public const string AgainHeader = "stack-again";

    /// <summary>The header of a cancel that is meant for one agent.</summary>
    public const string AgentHeader = "stack-agent";

    /// <summary>What an agent's registration says when it takes its tasks from the broker.</summary>
    public const string Capability = "rabbitmq";

    /// <summary>Who ends the attempts whose tasks are poison.</summary>
    public static readonly AgentId Broker = new("rabbitmq");

    /// <summary>The tasks of an agent type.</summary>
    /// <param name="agentType">The type.</param>
    public static string Tasks(string agentType) => "agent.tasks." + agentType;

    /// <summary>The results of the tasks that one orchestrator gave out.</summary>
    /// <param name="instance">The orchestrator.</param>
    public static string ResultsOf(string instance) => Results + "." + instance;
}
