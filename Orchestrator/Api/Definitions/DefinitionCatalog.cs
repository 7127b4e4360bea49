using System.Collections.Concurrent;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Api.Definitions;

/// <summary>The stored definitions, with those that workflows are pinned to in memory: they never change. Thread-safe.</summary>
internal sealed class DefinitionCatalog(IDefinitionStore store, AgentTypes agentTypes, TimeProvider time)
{
    private const int MaxPinned = 256;

    // Another orchestrator may apply a definition too; this is how long ours may not know.
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, StoredDefinition> _pinned = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (StoredDefinition Stored, long ReadAt)> _current = new(StringComparer.Ordinal);

    /// <summary>Reads and checks a text.</summary>
    /// <param name="text">YAML or JSON.</param>
    /// <param name="json">Whether it is JSON.</param>
    public DefinitionReading Check(string text, bool json) => (json ? JsonText.Read(text) : YamlText.Read(text)).Read(agentTypes.All);

    /// <summary>Makes a definition the current one of its name. Idempotent: the same content changes nothing.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="source">Its text.</param>
    /// <param name="builtIn">Whether it comes with the product.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>What is stored, and whether the name is new.</returns>
    public async Task<(StoredDefinition Stored, bool Created)> ApplyAsync(WorkflowDefinition definition, string source, bool builtIn, CancellationToken cancellationToken)
    {
        var version = DefinitionVersions.Of(definition);
        var current = await store.FindDefinitionAsync(definition.Name, cancellationToken);
        if (current is not null && current.Version == version)
        {
            return (current, false);
        }

        var applied = new StoredDefinition(definition, version, source, builtIn, time.GetUtcNow());
        await store.ApplyDefinitionAsync(applied, cancellationToken);
        _current[definition.Name] = (applied, time.GetTimestamp());
        return (applied, current is null);
    }

    /// <summary>Keeps a definition for a workflow that is pinned to it, without making it current.</summary>
    /// <param name="definition">The definition.</param>
    /// <param name="source">Its text.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Its version.</returns>
    public async Task<string> KeepAsync(WorkflowDefinition definition, string source, CancellationToken cancellationToken)
    {
        var version = DefinitionVersions.Of(definition);
        await store.KeepDefinitionAsync(new StoredDefinition(definition, version, source, false, time.GetUtcNow()), cancellationToken);
        return version;
    }

    /// <summary>The current definition of a name, known for a second: many submissions name the same one. Null: there is none.</summary>
    /// <param name="name">The name.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<StoredDefinition?> FindAsync(string name, CancellationToken cancellationToken)
    {
        var now = time.GetTimestamp();
        if (_current.TryGetValue(name, out var known) && time.GetElapsedTime(known.ReadAt, now) < Fresh)
        {
            return known.Stored;
        }

        var found = await store.FindDefinitionAsync(name, cancellationToken);
        if (found is not null)
        {
            _current[name] = (found, now);
        }

        return found;
    }

    /// <summary>The current definitions, by name.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    public Task<IReadOnlyList<StoredDefinition>> ListAsync(CancellationToken cancellationToken) => store.ListDefinitionsAsync(cancellationToken);

    /// <summary>The definition that a workflow is pinned to.</summary>
    /// <param name="version">The version.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<WorkflowDefinition> PinnedAsync(string version, CancellationToken cancellationToken) => (await PinnedStoredAsync(version, cancellationToken)).Definition;

    /// <summary>The text of the definition that a workflow is pinned to, as it was applied.</summary>
    /// <param name="version">The version.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async ValueTask<string> PinnedSourceAsync(string version, CancellationToken cancellationToken) => (await PinnedStoredAsync(version, cancellationToken)).Source;

    private async ValueTask<StoredDefinition> PinnedStoredAsync(string version, CancellationToken cancellationToken)
    {
        if (_pinned.TryGetValue(version, out var known))
        {
            return known;
        }

        var stored = await store.LoadDefinitionAsync(version, cancellationToken)
            ?? throw new InvalidOperationException($"The definition of version {version} is not in the store although a workflow is pinned to it.");
        if (_pinned.Count >= MaxPinned)
        {
            _pinned.Clear();
        }

        return _pinned[version] = stored;
    }
}
