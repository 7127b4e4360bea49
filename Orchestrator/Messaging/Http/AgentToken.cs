namespace Stack.Messaging.Http;

/// <summary>The token that the orchestrator gave this agent, for all who talk to it: the task feed, git, the HTTP API. Replaced when the agent registers again. Thread-safe.</summary>
public sealed class AgentToken
{
    private volatile string? _value;

    /// <summary>The token. Null: there is none, because the agent has not registered or the orchestrator gives none.</summary>
    public string? Value
    {
        get => _value;
        set => _value = value;
    }
}
