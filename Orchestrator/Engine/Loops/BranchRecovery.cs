using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Moves the branches that a crash kept from moving, of workflows that are under way and of the latest others.</summary>
internal sealed class BranchRecovery(IWorkflowStore store, WorkspaceAdvancer workspaces)
{
    private const int Recent = 200;
    private const int UnderWay = 1000;

    public async Task MoveAsync(CancellationToken cancellationToken)
    {
        WorkflowQuery[] queries =
        [
            new() { Status = WorkflowStatus.Running, Limit = UnderWay },
            new() { Status = WorkflowStatus.Waiting, Limit = UnderWay },
            new() { Status = WorkflowStatus.Paused, Limit = UnderWay },
            new() { Limit = Recent },
        ];
        var seen = new HashSet<WorkflowId>();
        foreach (var query in queries)
        {
            foreach (var workflow in await store.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                if (workflow.State.HeadCommit is { } head && seen.Add(workflow.Header.Id))
                {
                    workspaces.Enqueue(workflow.Header.Id, head, [.. workflow.State.Stages.SelectMany(stage => stage.References)]);
                }
            }
        }
    }
}
