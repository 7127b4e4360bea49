namespace Stack.Cli;

/// <summary>How an orchestrator says that it is.</summary>
/// <param name="Status">healthy, degraded or unhealthy.</param>
/// <param name="Components">What it relies on, by name.</param>
internal sealed record HealthView(string Status, IReadOnlyDictionary<string, HealthComponentView> Components)
{
    public bool IsHealthy => Status == "healthy";

    /// <summary>Whether it says of a component that it is not well.</summary>
    public bool Blames(string component) => Components.TryGetValue(component, out var found) && found.Status != "healthy";
}

/// <summary>How something is that an orchestrator relies on.</summary>
internal sealed record HealthComponentView(string Status, string? Message);
