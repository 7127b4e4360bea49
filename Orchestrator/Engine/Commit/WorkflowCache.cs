using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The workflows that are under way, bounded. A miss reads the store; nothing depends on a hit.</summary>
internal sealed class WorkflowCache(IWorkflowStore store, IDefinitionStore definitions, IOptions<EngineOptions> options)
{
    private readonly ConcurrentDictionary<WorkflowId, HotWorkflow> _workflows = new();
    private readonly ConcurrentQueue<WorkflowId> _order = new();
    private readonly ConcurrentDictionary<string, WorkflowDefinition> _definitions = new(StringComparer.Ordinal);
    private readonly int _capacity = options.Value.CacheCapacity;

    public int Count => _workflows.Count;

    public HotWorkflow? TryGet(WorkflowId id) => _workflows.GetValueOrDefault(id);

    public void Add(HotWorkflow workflow)
    {
        if (_workflows.TryAdd(workflow.Header.Id, workflow))
        {
            _order.Enqueue(workflow.Header.Id);
            while (_workflows.Count > _capacity && _order.TryDequeue(out var oldest))
            {
                _workflows.TryRemove(oldest, out _);
            }

            // Removed workflows leave their id behind in the queue.
            while (_order.Count > _capacity * 2 && _order.TryDequeue(out var id))
            {
                if (_workflows.ContainsKey(id))
                {
                    _order.Enqueue(id);
                    break;
                }
            }
        }
    }

    public void Remove(WorkflowId id) => _workflows.TryRemove(id, out _);

    public void Pin(string version, WorkflowDefinition definition) => _definitions.TryAdd(version, definition);

    public async Task<HotWorkflow?> GetAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        if (TryGet(id) is { } hot)
        {
            return hot;
        }

        await LoadAsync([id], cancellationToken).ConfigureAwait(false);
        return TryGet(id);
    }

    /// <summary>Reads workflows that are not in memory. Those that ended come in too; the caller drops them when it is done.</summary>
    public async Task LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        foreach (var chunk in ids.Where(id => !_workflows.ContainsKey(id)).Distinct().Chunk(500))
        {
            foreach (var stored in await store.LoadAsync(chunk, cancellationToken).ConfigureAwait(false))
            {
                var definition = await DefinitionAsync(stored.Header.DefinitionVersion, cancellationToken).ConfigureAwait(false);
                Add(new HotWorkflow(stored.Header, definition, stored.State, outputs: null));
            }
        }
    }

    public async Task<ImmutableDictionary<string, JsonPayload>> OutputsAsync(HotWorkflow workflow, CancellationToken cancellationToken)
    {
        if (workflow.Outputs is { } outputs)
        {
            return outputs;
        }

        var read = await store.LoadOutputsAsync(workflow.Header.Id, cancellationToken).ConfigureAwait(false);
        outputs = read.ToImmutableDictionary(StringComparer.Ordinal);
        workflow.Outputs = outputs;
        return outputs;
    }

    public async Task<WorkflowDefinition> DefinitionAsync(string version, CancellationToken cancellationToken)
    {
        if (_definitions.TryGetValue(version, out var definition))
        {
            return definition;
        }

        var stored = await definitions.LoadDefinitionAsync(version, cancellationToken).ConfigureAwait(false)
            ?? throw new StoreSchemaException($"The store has a workflow that is pinned to definition version {version}, but not that version. Restore the definitions from a backup.");
        return _definitions.GetOrAdd(version, stored.Definition);
    }
}
