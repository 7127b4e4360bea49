namespace Stack.Contracts;

/// <summary>A stored definition as the HTTP API shows it.</summary>
public sealed record DefinitionResource
{
    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public string Description { get; init; } = "";

    /// <summary>SHA-256 of its content, lower-case hexadecimal: the version that workflows pin.</summary>
    public required string Version { get; init; }

    /// <summary>Whether it came with the product and was not replaced.</summary>
    public bool BuiltIn { get; init; }

    /// <summary>When it was applied.</summary>
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The definition. Null in lists.</summary>
    public WorkflowDefinition? Definition { get; init; }

    /// <summary>The text as it was applied. Null in lists.</summary>
    public string? Source { get; init; }
}

/// <summary>All definitions.</summary>
/// <param name="Definitions">The definitions by name.</param>
public sealed record DefinitionList(IReadOnlyList<DefinitionResource> Definitions);

/// <summary>What a validation found.</summary>
/// <param name="Valid">Whether the definition is good.</param>
/// <param name="Problems">Everything that is wrong.</param>
public sealed record DefinitionValidation(bool Valid, IReadOnlyList<DefinitionProblem> Problems);
