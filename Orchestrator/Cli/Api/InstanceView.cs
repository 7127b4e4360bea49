namespace Stack.Cli;

/// <summary>What an orchestrator says that it is.</summary>
internal sealed record InstanceView
{
    public string Store { get; init; } = "";

    public string Transport { get; init; } = "";

    /// <summary>Workflows by status.</summary>
    public IReadOnlyDictionary<string, long> Workflows { get; init; } = new Dictionary<string, long>();

    /// <summary>Workflows that are not over.</summary>
    public long Open => Workflows.Where(pair => pair.Key is "running" or "waiting" or "paused").Sum(pair => pair.Value);
}
