using System.Collections.Concurrent;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Gateway.Journal;

/// <summary>Knows which workflows there are and where they come from, which never changes.</summary>
internal sealed class WorkflowOrigins(IWorkflowStore store)
{
    private const int MostKnown = 10_000;

    private readonly ConcurrentDictionary<WorkflowId, KnownWorkflow> _known = new();

    /// <summary>Looks a workflow up. Null: there is none.</summary>
    public async ValueTask<KnownWorkflow?> FindAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(id, out var known))
        {
            return known;
        }

        if (await store.LoadAsync([id], cancellationToken) is not [var stored])
        {
            return null;
        }

        if (_known.Count >= MostKnown)
        {
            _known.Clear();
        }

        return _known[id] = new KnownWorkflow(stored.State.Origin);
    }
}

/// <summary>A workflow that exists.</summary>
/// <param name="Origin">Where it comes from. Null: from nowhere.</param>
internal sealed record KnownWorkflow(WorkflowOrigin? Origin)
{
    /// <summary>Whether the journal answers in place of models.</summary>
    public bool IsReplay => Origin is { Kind: WorkflowOriginKind.Replay };
}
