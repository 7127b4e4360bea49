using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// The newest events that this orchestrator committed, so that whoever follows the log need not ask the store after each commit. It gives only what it has without a gap:
/// what is older, what other orchestrators committed, and what was written in an order that only the store knows has to be read there.
/// </summary>
public sealed class RecentEvents
{
    /// <summary>How many events are kept.</summary>
    public const int Capacity = 4096;

    private readonly Lock _lock = new();
    private readonly (WorkflowId WorkflowId, WorkflowEvent Happened)[] _ring = new (WorkflowId, WorkflowEvent)[Capacity];
    private long _first;
    private long _last = -1;

    /// <summary>Notes what a commit wrote.</summary>
    internal void Add(CommitBatch batch, CommitOutcome outcome)
    {
        if (outcome.LastEventId == 0)
        {
            return;
        }

        lock (_lock)
        {
            // Notes, and workflows that were left out, have their place in the log by the store's judgement.
            var isPlain = batch.Notes.Count == 0 && outcome.Conflicts.Count == 0 && outcome.IdempotencyConflicts.Count == 0;
            var count = isPlain ? batch.Workflows.Sum(write => write.Events.Count) : 0;
            if (outcome.LastEventId - count != _last)
            {
                _first = outcome.LastEventId - count + 1;
                _last = _first - 1;
            }

            if (isPlain)
            {
                Append(batch);
            }
        }
    }

    /// <summary>Knows nothing from now on, until the next commit: there may be events in the store of which nobody was told.</summary>
    internal void Forget()
    {
        lock (_lock)
        {
            (_first, _last) = (0, -1);
        }
    }

    /// <summary>Reads events in the order in which they were committed, as <see cref="IWorkflowStore.ReadEventsAsync"/> does.</summary>
    /// <param name="workflowId">Only of this workflow. Null: of all.</param>
    /// <param name="after">Only those with a higher id.</param>
    /// <param name="through">The id that must be here at least.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="types">Only events of these names. Null: all.</param>
    /// <returns>Null: not all of them are here; the store has them.</returns>
    public IReadOnlyList<StoredEvent>? Find(WorkflowId? workflowId, long after, long through, int limit, IReadOnlySet<string>? types = null)
    {
        var found = new List<(long Id, WorkflowId WorkflowId, WorkflowEvent Happened)>();
        lock (_lock)
        {
            if (after < _first - 1 || after > _last || through > _last)
            {
                return null;
            }

            for (var id = after + 1; id <= _last && found.Count < limit; id++)
            {
                var (owner, happened) = _ring[id % Capacity];
                if ((workflowId is null || owner == workflowId) && types?.Contains(EventNames.Of(happened)) != false)
                {
                    found.Add((id, owner, happened));
                }
            }
        }

        return found.ConvertAll(one => new StoredEvent(
            one.Id, one.WorkflowId, EventNames.Of(one.Happened), one.Happened.Stage, one.Happened.Attempt, one.Happened.At, JsonPayload.FromTrustedUtf8(EventNames.Serialize(one.Happened))));
    }

    private void Append(CommitBatch batch)
    {
        foreach (var write in batch.Workflows)
        {
            foreach (var happened in write.Events)
            {
                _ring[++_last % Capacity] = (write.State.Id, happened);
            }
        }

        _first = Math.Max(_first, _last - Capacity + 1);
    }
}
