using System.Collections.Concurrent;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine;

/// <summary>Workspaces without git: commits are words, and a merge of two is a word made of both.</summary>
internal sealed class FakeWorkspaces : IWorkspaces
{
    private readonly ConcurrentQueue<(WorkflowId Id, string Head, IReadOnlyList<ReferenceUpdate> References)> _moves = new();
    private int _failures;
    private int _failedRemovals;

    public IReadOnlyList<(WorkflowId Id, string Head, IReadOnlyList<ReferenceUpdate> References)> Moves => [.. _moves];

    public ConcurrentBag<WorkflowId> Removed { get; } = [];

    /// <summary>What becomes of a pushed commit. The default: it counts as it is on the head it was made from, and merged on another.</summary>
    public Func<TaskId, string?, WorkspaceChange, Task<IntegrationOutcome>> Integrate { get; set; } =
        (_, head, change) => Task.FromResult<IntegrationOutcome>(new IntegrationOutcome.Integrated(head is null ? change.Commit : $"{head}+{change.Commit}"));

    public int Integrations { get; private set; }

    /// <summary>How many moves of branches failed.</summary>
    public int FailedMoves { get; private set; }

    public void FailNextMoves(int count) => _failures = count;

    public void FailNextRemovals(int count) => _failedRemovals = count;

    public WorkspaceReference Describe(TaskId taskId, string? baseCommit) =>
        new() { Url = $"/git/{taskId.WorkflowId}.git", Branch = "work", BaseCommit = baseCommit, AttemptBranch = $"attempts/{taskId.Stage}/{taskId.Attempt}" };

    public Task<IntegrationOutcome> IntegrateAsync(TaskId taskId, string? head, WorkspaceChange change, CancellationToken cancellationToken)
    {
        Integrations++;
        return Integrate(taskId, head, change);
    }

    public Task AdvanceAsync(WorkflowId workflowId, string head, IReadOnlyList<ReferenceUpdate> references, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _failures) >= 0)
        {
            FailedMoves++;
            throw new IOException("The repository is locked.");
        }

        _moves.Enqueue((workflowId, head, references));
        return Task.CompletedTask;
    }

    public Task RemoveAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        if (Interlocked.Decrement(ref _failedRemovals) >= 0)
        {
            throw new IOException("The process ends.");
        }

        foreach (var id in ids)
        {
            Removed.Add(id);
        }

        return Task.CompletedTask;
    }
}
