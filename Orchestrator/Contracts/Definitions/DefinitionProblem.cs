namespace Stack.Contracts;

/// <summary>One thing that is wrong with a definition.</summary>
public sealed record DefinitionProblem
{
    /// <summary>Where, for example <c>stages[2].retry.max_attempts</c>.</summary>
    public required string Path { get; init; }

    /// <summary>What stands there, shortened to 120 characters. Null: nothing does.</summary>
    public string? Value { get; init; }

    /// <summary>What is wrong with it.</summary>
    public required string Message { get; init; }

    /// <summary>What to write instead.</summary>
    public required string Remedy { get; init; }

    /// <summary>The line in the text that was submitted, from 1. Null: not known.</summary>
    public int? Line { get; init; }

    /// <summary>The problem as one line for a person.</summary>
    public override string ToString() => Value is null ? $"{Path}: {Message} {Remedy}" : $"{Path}: {Message} (found: {Value}) {Remedy}";
}

/// <summary>What a reader made of a definition: the definition, or everything that is wrong with it.</summary>
/// <param name="Definition">The definition; null when there are problems.</param>
/// <param name="Problems">Everything that is wrong; empty when the definition is good.</param>
public sealed record DefinitionReading(WorkflowDefinition? Definition, IReadOnlyList<DefinitionProblem> Problems);
