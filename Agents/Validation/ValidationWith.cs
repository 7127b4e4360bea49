namespace Stack.Agents.Validation;

/// <summary>What a definition passes to the validation agent.</summary>
internal sealed record ValidationWith
{
    /// <summary>The limits.</summary>
    public ValidationThresholds Thresholds { get; init; } = new();

    /// <summary>Whether too many warnings fail the stage. False: they are only reported.</summary>
    /// <value>The default is false.</value>
    public bool FailOnWarnings { get; init; }

    /// <summary>Whether a warning of the compiler or its analyzers is an error.</summary>
    /// <value>The default is true.</value>
    public bool WarningsAsErrors { get; init; } = true;
}

/// <summary>The limits that a workspace is held against.</summary>
internal sealed record ValidationThresholds
{
    /// <summary>The least share of lines that the tests run, in percent.</summary>
    /// <value>The default is 80.</value>
    public double Coverage { get; init; } = 80;

    /// <summary>The highest cyclomatic complexity of a method.</summary>
    /// <value>The default is 10.</value>
    public int Complexity { get; init; } = 10;

    /// <summary>How many errors there may be.</summary>
    /// <value>The default is 0.</value>
    public int Errors { get; init; }

    /// <summary>How many warnings there may be, when <see cref="ValidationWith.FailOnWarnings"/> is on.</summary>
    /// <value>The default is 10.</value>
    public int Warnings { get; init; } = 10;

    /// <summary>The highest share of lines that repeat others, in percent.</summary>
    /// <value>The default is 5.</value>
    public double Duplications { get; init; } = 5;
}
