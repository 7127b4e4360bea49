using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Keeps definitions. Every version that was ever applied stays as long as a workflow may need it. Thread-safe; durable on return.</summary>
public interface IDefinitionStore
{
    /// <summary>Makes a definition the current one of its name. Idempotent by version.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task ApplyDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken);

    /// <summary>Keeps a definition for workflows that are pinned to it, without making it the current one of its name. Idempotent by version.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task KeepDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken);

    /// <summary>The current definition of a name. Null: there is none.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<StoredDefinition?> FindDefinitionAsync(string name, CancellationToken cancellationToken);

    /// <summary>The definition of a version. Null: it was never applied here.</summary>
    /// <param name="version">The version.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<StoredDefinition?> LoadDefinitionAsync(string version, CancellationToken cancellationToken);

    /// <summary>The current definitions, by name.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    Task<IReadOnlyList<StoredDefinition>> ListDefinitionsAsync(CancellationToken cancellationToken);
}

/// <summary>A definition in the store.</summary>
/// <param name="Definition">The definition.</param>
/// <param name="Version">SHA-256 of its canonical JSON, lower-case hexadecimal.</param>
/// <param name="Source">The text as it was applied.</param>
/// <param name="BuiltIn">Whether it came with the product.</param>
/// <param name="AppliedAt">When.</param>
public sealed record StoredDefinition(WorkflowDefinition Definition, string Version, string Source, bool BuiltIn, DateTimeOffset AppliedAt);
