using System.Collections.Concurrent;
using System.Collections.Immutable;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// The workflows that are under way, bounded. A miss reads the store; nothing depends on a hit. Only the committer changes what is in it, and each workflow is in it as one object,
/// so that whoever has that object sees every change as soon as it is durable.
/// </summary>
internal sealed class WorkflowCache(IWorkflowStore store, IDefinitionStore definitions, IOptions<EngineOptions> options)
{
    private const int MaxDefinitions = 1000;
    private readonly ConcurrentDictionary<WorkflowId, HotWorkflow> _workflows = new();
    private readonly ConcurrentQueue<WorkflowId> _order = new();
    private readonly ConcurrentDictionary<string, WorkflowDefinition> _definitions = new(StringComparer.Ordinal);
    private readonly Lock _loading = new();
    private readonly HashSet<WorkflowId> _leftMeanwhile = [];
    private readonly int _capacity = options.Value.CacheCapacity;
    private int _loads;
    private int _count;

    public int Count => Volatile.Read(ref _count);

    public HotWorkflow? TryGet(WorkflowId id) => _workflows.GetValueOrDefault(id);

    /// <summary>Puts in a workflow as the committer knows it.</summary>
    public void Put(HotWorkflow workflow)
    {
        var id = workflow.Header.Id;
        if (_workflows.TryAdd(id, workflow))
        {
            Enter(id);
        }
        else
        {
            _workflows[id] = workflow;
        }
    }

    public void Remove(WorkflowId id)
    {
        lock (_loading)
        {
            if (_loads > 0)
            {
                _leftMeanwhile.Add(id);
            }

            if (_workflows.TryRemove(id, out _))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>Remembers a definition.</summary>
    /// <returns>The one object for its version.</returns>
    public WorkflowDefinition Pin(string version, WorkflowDefinition definition)
    {
        if (_definitions.Count >= MaxDefinitions)
        {
            _definitions.Clear();
        }

        return _definitions.GetOrAdd(version, definition);
    }

    public async Task<HotWorkflow?> GetAsync(WorkflowId id, CancellationToken cancellationToken) =>
        TryGet(id) ?? (await LoadAsync([id], cancellationToken).ConfigureAwait(false)).GetValueOrDefault(id);

    /// <summary>Gives workflows from memory, and from the store when they are not there. Those that ended are given, too, but not kept.</summary>
    public async Task<Dictionary<WorkflowId, HotWorkflow>> LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<WorkflowId, HotWorkflow>(ids.Count);
        List<WorkflowId>? missing = null;
        foreach (var id in ids)
        {
            if (TryGet(id) is { } hot)
            {
                found[id] = hot;
            }
            else
            {
                (missing ??= []).Add(id);
            }
        }

        foreach (var chunk in missing?.Distinct().Chunk(500) ?? [])
        {
            await ReadAsync(chunk, found, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>
    /// Gives workflows as the store has them now. What is in memory may be the past when another orchestrator changed the workflow: nothing shows it before a commit conflicts.
    /// Whoever is about to answer no, without a commit, looks here first.
    /// </summary>
    public async Task<Dictionary<WorkflowId, HotWorkflow>> ReloadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        var found = new Dictionary<WorkflowId, HotWorkflow>(ids.Count);
        foreach (var chunk in ids.Distinct().Chunk(500))
        {
            await ReadAsync(chunk, found, cancellationToken).ConfigureAwait(false);
        }

        return found;
    }

    /// <summary>Gives workflows as the store has them now, and reads only those of which memory has another version, or nothing.</summary>
    public async Task<Dictionary<WorkflowId, HotWorkflow>> RefreshAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        var versions = await store.ReadVersionsAsync(ids, cancellationToken).ConfigureAwait(false);
        var outdated = versions.Where(pair => !(TryGet(pair.Key)?.State.Version >= pair.Value)).Select(pair => pair.Key).ToList();
        var found = outdated.Count == 0 ? [] : await ReloadAsync(outdated, cancellationToken).ConfigureAwait(false);
        foreach (var id in versions.Keys)
        {
            if (!found.ContainsKey(id) && TryGet(id) is { } hot)
            {
                found.Add(id, hot);
            }
        }

        return found;
    }

    public async Task<ImmutableDictionary<string, JsonPayload>> OutputsAsync(HotWorkflow workflow, CancellationToken cancellationToken)
    {
        if (workflow.Outputs is { } outputs)
        {
            return outputs;
        }

        var before = workflow.State;
        var read = await store.LoadOutputsAsync(workflow.Header.Id, cancellationToken).ConfigureAwait(false);
        outputs = read.ToImmutableDictionary(StringComparer.Ordinal);
        workflow.Keep(outputs, before);
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
        return Pin(version, stored.Definition);
    }

    private async Task ReadAsync(WorkflowId[] ids, Dictionary<WorkflowId, HotWorkflow> found, CancellationToken cancellationToken)
    {
        lock (_loading)
        {
            _loads++;
        }

        try
        {
            foreach (var stored in await store.LoadAsync(ids, cancellationToken).ConfigureAwait(false))
            {
                var definition = await DefinitionAsync(stored.Header.DefinitionVersion, cancellationToken).ConfigureAwait(false);
                found[stored.Header.Id] = Admit(new HotWorkflow(stored.Header, definition, stored.State, outputs: null));
            }
        }
        finally
        {
            lock (_loading)
            {
                if (--_loads == 0)
                {
                    _leftMeanwhile.Clear();
                }
            }
        }
    }

    // What left while it was read has changed since; keeping what was read would keep the past.
    private HotWorkflow Admit(HotWorkflow read)
    {
        var id = read.Header.Id;
        lock (_loading)
        {
            if (_workflows.TryGetValue(id, out var known))
            {
                if (known.State.Version >= read.State.Version)
                {
                    return known;
                }

                Remove(id);
            }

            if (read.State.End is not null || _leftMeanwhile.Contains(id) || !_workflows.TryAdd(id, read))
            {
                return read;
            }
        }

        Enter(id);
        return read;
    }

    private void Enter(WorkflowId id)
    {
        Interlocked.Increment(ref _count);
        _order.Enqueue(id);
        while (Count > _capacity && _order.TryDequeue(out var oldest))
        {
            Remove(oldest);
        }

        // Removed workflows leave their id behind in the queue.
        while (_order.Count > _capacity * 2 && _order.TryDequeue(out var first))
        {
            if (_workflows.ContainsKey(first))
            {
                _order.Enqueue(first);
                break;
            }
        }
    }
}
