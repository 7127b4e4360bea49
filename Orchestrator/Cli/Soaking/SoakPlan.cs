namespace Stack.Cli;

/// <summary>One fault of a soak.</summary>
/// <param name="Number">From 1.</param>
/// <param name="After">How long after the fault before it.</param>
/// <param name="Component">What it hurts.</param>
/// <param name="Action"><c>kill</c> or <c>restart</c>.</param>
/// <param name="Choice">Which of the instances that run then, as a part of them: 0 up to 1.</param>
internal sealed record SoakFault(int Number, TimeSpan After, string Component, string Action, double Choice)
{
    public override string ToString() => $"{Number}: {Action} {Component}";
}

/// <summary>The faults of a soak, without an end. The same seed, pace and components make the same ones.</summary>
/// <param name="components">What can be hurt.</param>
/// <param name="every">The time between two faults, on the average.</param>
/// <param name="random">Chance.</param>
internal sealed class SoakPlan(IReadOnlyList<string> components, TimeSpan every, Random random)
{
    /// <summary>A restart takes a server long; a kill is what nobody prepares for. So three of four are kills.</summary>
    private const double KillShare = 0.75;

    private int _number;

    /// <summary>Makes the next fault.</summary>
    public SoakFault Next() => new(
        ++_number,
        every * (0.5 + random.NextDouble()),
        components[random.Next(components.Count)],
        random.NextDouble() < KillShare ? "kill" : "restart",
        random.NextDouble());
}
