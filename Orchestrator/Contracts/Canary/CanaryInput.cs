namespace Stack.Contracts;

/// <summary>
/// How a canary workflow behaves: the <see cref="WorkflowContext.Input"/> of workflows whose stages name the agent type <c>canary</c>. Drills and soaks submit them; what is not said, is not done.
/// </summary>
public sealed record CanaryInput
{
    /// <summary>Milliseconds that each stage takes.</summary>
    public int DelayMs { get; init; }

    /// <summary>Bytes of padding in each stage's output.</summary>
    public int PayloadBytes { get; init; }

    /// <summary>The stage that ends its agent's process, as <c>kill -9</c> does, each time it is attempted. Null: none.</summary>
    public string? PoisonStage { get; init; }

    /// <summary>
    /// The stage whose first attempt fails at no cost, and whose second hands in a success of the first, and then its own result several times. Null: none.
    /// </summary>
    public string? RepeatStage { get; init; }
}

/// <summary>What a canary stage hands in.</summary>
public sealed record CanaryOutput
{
    /// <summary>The stage.</summary>
    public required string Stage { get; init; }

    /// <summary>The attempt that made it.</summary>
    public required int Attempt { get; init; }

    /// <summary>As long as was asked for. Null: nothing was.</summary>
    public string? Padding { get; init; }
}
