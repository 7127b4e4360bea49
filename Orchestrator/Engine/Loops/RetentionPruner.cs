using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

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
        while (true)
        {
            var ids = await store.PruneAsync(Time.GetUtcNow() - options.Value.RetentionPeriod, Page, dryRun: false, cancellationToken).ConfigureAwait(false);
            await workspaces.RemoveAsync(ids, cancellationToken).ConfigureAwait(false);
            removed += ids.Count;
            if (ids.Count < Page)
            {
                break;
            }
        }

        if (removed > 0)
        {
            LogPruned(removed, options.Value.RetentionPeriod);
        }

        return removed;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Removed {Count} workflows that ended more than {Period} ago")]
    private partial void LogPruned(int count, TimeSpan period);
}
