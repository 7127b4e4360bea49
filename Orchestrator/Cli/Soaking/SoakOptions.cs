namespace Stack.Cli;

/// <summary>How a soak is run.</summary>
/// <param name="Workflows">How many workflows in all.</param>
/// <param name="InFlight">How many are under way at once, at most.</param>
/// <param name="Seed">What random choices come from.</param>
/// <param name="Every">The time between two faults, on the average.</param>
/// <param name="Limit">How long all workflows may take from the last submission on, and any one wait.</param>
internal sealed record SoakOptions(int Workflows, int InFlight, int Seed, TimeSpan Every, TimeSpan Limit);
