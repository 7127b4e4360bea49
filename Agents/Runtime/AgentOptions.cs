namespace Stack.Agents.Runtime;

/// <summary>How this process runs its agent. Section <c>Agent</c>; <c>--type</c> on the command line is short for <c>--Agent:Type</c>.</summary>
internal sealed record AgentOptions
{
    /// <summary>The section.</summary>
    public const string Section = "Agent";

    /// <summary>Which agent type the process runs.</summary>
    public string? Type { get; set; }

    /// <summary>How many attempts it makes at once; 1 to 10,000.</summary>
    /// <value>The default is 0: what suits the type.</value>
    public int MaxConcurrency { get; set; }

    /// <summary>How long running attempts may go on after SIGTERM before they are handed back.</summary>
    /// <value>The default is 5 s.</value>
    public TimeSpan DrainGrace { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long one claim waits for a task; up to 60 s.</summary>
    /// <value>The default is 30 s.</value>
    public TimeSpan ClaimWait { get; set; } = TimeSpan.FromSeconds(30);
}
