namespace Stack.Engine;

public sealed partial class InMemoryStore
{
    /// <inheritdoc />
    public Task ApplyDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken) =>
        Write(
            state =>
            {
                var name = definition.Definition.Name;
                if (state.CurrentDefinitions.GetValueOrDefault(name) == definition.Version)
                {
                    return (state, false);
                }

                var applied = state with
                {
                    Definitions = state.Definitions.SetItem(definition.Version, definition),
                    CurrentDefinitions = state.CurrentDefinitions.SetItem(name, definition.Version),
                };
                return (applied, true);
            },
            cancellationToken);

    /// <inheritdoc />
    public Task KeepDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken) =>
        Write(state => state.Definitions.ContainsKey(definition.Version) ? (state, false) : (state with { Definitions = state.Definitions.Add(definition.Version, definition) }, true), cancellationToken);

    /// <inheritdoc />
    public Task<StoredDefinition?> FindDefinitionAsync(string name, CancellationToken cancellationToken) =>
        Read(state => state.CurrentDefinitions.TryGetValue(name, out var version) ? state.Definitions[version] : null, cancellationToken);

    /// <inheritdoc />
    public Task<StoredDefinition?> LoadDefinitionAsync(string version, CancellationToken cancellationToken) =>
        Read(state => state.Definitions.GetValueOrDefault(version), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredDefinition>> ListDefinitionsAsync(CancellationToken cancellationToken) =>
        Read<IReadOnlyList<StoredDefinition>>(state => [.. state.CurrentDefinitions.Values.Select(version => state.Definitions[version])], cancellationToken);
}
