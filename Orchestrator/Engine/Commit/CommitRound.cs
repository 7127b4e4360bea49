using System.Collections.Immutable;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>One batch of inputs and what the core decided about it. Decides; writes nothing and tells nobody.</summary>
internal sealed class CommitRound
{
    private readonly Dictionary<WorkflowId, CommitDraft> _drafts = [];

    private CommitRound(IReadOnlyList<CommitItem> items) => Items = items;

    public IReadOnlyList<CommitItem> Items { get; }

    /// <summary>The workflows that the batch concerns, each once.</summary>
    public IReadOnlyCollection<CommitDraft> Drafts => _drafts.Values;

    /// <summary>Inputs that held only while the head was another one.</summary>
    public List<(CommitItem Item, HotWorkflow Workflow)> HeadMoved { get; } = [];

    /// <summary>Inputs for the next batch.</summary>
    public List<CommitItem> Later { get; } = [];

    /// <summary>Lets the core decide about each input, in order.</summary>
    public static async Task<CommitRound> DecideAsync(IReadOnlyList<CommitItem> items, WorkflowCache cache)
    {
        var round = new CommitRound(items);
        var known = await cache.LoadAsync(ExistingOf(items), CancellationToken.None).ConfigureAwait(false);
        foreach (var item in items)
        {
            if (item.Input is not null)
            {
                round.Decide(item, known);
            }
        }

        return round;
    }

    /// <summary>What is to be written.</summary>
    public List<WorkflowWrite> ToWrites(ReadyQueue ready)
    {
        var writes = new List<WorkflowWrite>(_drafts.Count);
        foreach (var draft in _drafts.Values)
        {
            if (draft.HasChanges)
            {
                draft.Park(ready);
                writes.Add(draft.ToWrite());
            }
        }

        return writes;
    }

    /// <summary>Whether an attempt ends in this round.</summary>
    public bool Ends(TaskId taskId)
    {
        if (_drafts.TryGetValue(taskId.WorkflowId, out var draft))
        {
            foreach (var ended in draft.EndedAttempts)
            {
                if (ended.Attempt == taskId.Attempt && string.Equals(ended.Stage, taskId.Stage, StringComparison.Ordinal))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static HashSet<WorkflowId> ExistingOf(IReadOnlyList<CommitItem> items)
    {
        var existing = new HashSet<WorkflowId>(items.Count);
        foreach (var item in items)
        {
            if (item is { Input: not null, Submission: null })
            {
                existing.Add(item.WorkflowId);
            }
        }

        return existing;
    }

    private void Decide(CommitItem item, Dictionary<WorkflowId, HotWorkflow> known)
    {
        if (!_drafts.TryGetValue(item.WorkflowId, out var draft))
        {
            if ((item.Submission is { } submission ? Begin(submission) : known.GetValueOrDefault(item.WorkflowId)) is not { } workflow)
            {
                item.Complete(new CommitResult(CommitStatus.NotFound, null, null));
                return;
            }

            _drafts.Add(item.WorkflowId, draft = new CommitDraft(workflow, item.Submission));
        }

        if (LacksCommit(item, draft) || (item.ChecksHead && !string.Equals(item.ExpectedHead, draft.State.HeadCommit, StringComparison.Ordinal)))
        {
            HeadMoved.Add((item, draft.Workflow));
        }
        else if (item.Input is WorkflowInput.Retry && draft.HasChanges)
        {
            // A retry takes back what counted; stores take the two in two transactions.
            Later.Add(item);
        }
        else
        {
            draft.Add(item);
        }
    }

    // What was pushed never counts before it was made to fit the head.
    private static bool LacksCommit(CommitItem item, CommitDraft draft) =>
        item.Input is WorkflowInput.Report { Commit: null, Result: { Change: not null, Outcome: StageOutcome.Completed } result }
        && draft.State.IsOutstanding(result.TaskId.Stage, result.TaskId.Attempt);

    private static HotWorkflow Begin(WorkflowSubmission submission) =>
        new(submission.Header, submission.Definition, WorkflowEvents.Initial(submission.Header.Id, submission.Definition), ImmutableDictionary<string, JsonPayload>.Empty);
}
