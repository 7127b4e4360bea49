using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Removes workflows that ended long ago, with their workspaces.</summary>
internal sealed partial class RetentionPruner(IWorkflowStore store, IWorkspaces workspaces, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<RetentionPruner> logger)
    : LeaderLoop(node, time, logger)
{
    private const int Page = 200;

    protected override TimeSpan Interval => options.Value.RetentionInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.RetentionPeriod == TimeSpan.Zero)
        {
            return 0;
        }

        var removed = 0;
        var before = Time.GetUtcNow() - options.Value.RetentionPeriod;
        IReadOnlyList<WorkflowId> ids;
        do
        {
            // The workspaces first: a workflow that is left over by a crash is found by the next pass, a workspace without its workflow never is.
            ids = await store.PruneAsync(before, Page, dryRun: true, cancellationToken).ConfigureAwait(false);
            await workspaces.RemoveAsync(ids, cancellationToken).ConfigureAwait(false);
            var gone = await store.PruneAsync(before, ids.Count, dryRun: false, cancellationToken).ConfigureAwait(false);

            // When one was retried meanwhile, the next one in line went in its place.
            await workspaces.RemoveAsync([.. gone.Except(ids)], cancellationToken).ConfigureAwait(false);
            removed += gone.Count;
        }
        while (ids.Count == Page);

        if (removed > 0)
        {
            LogPruned(removed, options.Value.RetentionPeriod);
        }

        return removed;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} workflows that ended more than {Period} ago")]
    private partial void LogPruned(int count, TimeSpan period);
}
