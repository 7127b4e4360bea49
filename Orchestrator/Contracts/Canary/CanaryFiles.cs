namespace Stack.Contracts;

/// <summary>The files that canaries and whoever sends them share, relative to the folder that all canaries of a machine share.</summary>
public static class CanaryFiles
{
    /// <summary>The agent type.</summary>
    public const string AgentType = "canary";

    /// <summary>The folder of the ledgers: a file <c>AGENT.jsonl</c> for each agent, only ever appended to.</summary>
    public const string Ledgers = "ledgers";

    /// <summary>By how much the agents' clocks are wrong, as a .NET <see cref="TimeSpan"/>. One agent is ahead by it, the others are behind. No file: they are right. Read when an agent starts.</summary>
    public const string ClockOffset = "clock-offset";

    /// <summary>Whoever holds the lock on it is the one whose clock is ahead.</summary>
    public const string ClockAhead = "clock-ahead";
}
