using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Removes workflows that ended, with their workspaces: the one step of the retention loop and of people who ask for it. Thread-safe. Other orchestrators may do the same at the same time;
/// each workflow is then removed, and told of, once.
/// </summary>
/// <param name="store">The workflows.</param>
/// <param name="workspaces">Their repositories.</param>
public sealed class WorkflowRemover(IWorkflowStore store, IWorkspaces workspaces)
{
    /// <summary>How many workflows one step removes at most. Few: what is retried between the two halves of a step has lost its workspace, and commits wait while the store removes.</summary>
    public const int Piece = 50;

    // Two steps of one process would choose the same workflows, and the second one would have to remove others in their place.
    private readonly AsyncGate _gate = new();

    /// <summary>Removes the workflows that ended first. A step that was cut off is made up for by the next one, whoever makes it.</summary>
    /// <param name="endedBefore">Only those that ended before this time; what has not ended stays.</param>
    /// <param name="limit">At most this many, and at most <see cref="Piece"/>.</param>
    /// <param name="cancellationToken">Ends the step between two workspaces.</param>
    /// <returns>Those that this step removed; they are gone for good. None: there is nothing left to remove.</returns>
    public async Task<IReadOnlyList<WorkflowId>> RemoveAsync(DateTimeOffset endedBefore, int limit, CancellationToken cancellationToken)
    {
        using (await _gate.EnterAsync(cancellationToken).ConfigureAwait(false))
        {
            // The workspaces first: a workflow that is left over by a crash is found by the next pass, a workspace without its workflow never is.
            var ids = await store.PruneAsync(endedBefore, Math.Min(limit, Piece), dryRun: true, cancellationToken).ConfigureAwait(false);
            if (ids.Count == 0)
            {
                return [];
            }

            await workspaces.RemoveAsync(ids, cancellationToken).ConfigureAwait(false);
            var gone = await store.PruneAsync(endedBefore, ids.Count, dryRun: false, cancellationToken).ConfigureAwait(false);

            // When one was retried meanwhile, or removed by another orchestrator, the next one in line went in its place.
            await workspaces.RemoveAsync([.. gone.Except(ids)], cancellationToken).ConfigureAwait(false);
            return gone;
        }
    }
}
