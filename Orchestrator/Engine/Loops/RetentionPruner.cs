using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>Removes workflows that ended long ago, with their workspaces.</summary>
internal sealed partial class RetentionPruner(WorkflowRemover remover, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<RetentionPruner> logger)
    : LeaderLoop(node, time, logger)
{
    protected override TimeSpan Interval => options.Value.RetentionInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (options.Value.RetentionPeriod == TimeSpan.Zero)
        {
            return 0;
        }

        var removed = 0;
        var before = Time.GetUtcNow() - options.Value.RetentionPeriod;
        while (await remover.RemoveAsync(before, WorkflowRemover.Piece, cancellationToken).ConfigureAwait(false) is { Count: > 0 } gone)
        {
            removed += gone.Count;
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
