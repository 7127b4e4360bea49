using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>
/// Gives signs of life, and as the leader looks after what the dead left: their attempts are parked, so that whoever has agents for them takes them, and their branches are moved.
/// </summary>
internal sealed partial class NodeBeater(
    ClusterNode node,
    ReadyQueue ready,
    AbandonedAttempts abandoned,
    BranchRecovery branches,
    TimeProvider time,
    IOptions<EngineOptions> options,
    ILogger<NodeBeater> logger) : PeriodicLoop(time, logger)
{
    private static readonly TimeSpan SearchInterval = TimeSpan.FromSeconds(30);
    private long? _searched;

    protected override TimeSpan Interval => options.Value.BeatInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!await node.BeatAsync(ready.Hungry(), cancellationToken).ConfigureAwait(false))
        {
            await ReturnAsync(cancellationToken).ConfigureAwait(false);
        }

        if (!node.Leads || node.IsSole)
        {
            return 0;
        }

        var gone = await node.BurySilentAsync(cancellationToken).ConfigureAwait(false);
        if (gone > 0)
        {
            LogBuried(gone);
            await node.BeatAsync(ready.Hungry(), cancellationToken).ConfigureAwait(false);
        }
        else if (_searched is { } before && Time.GetElapsedTime(before) < SearchInterval)
        {
            return 0;
        }

        // Without a reason, too, and without others: what a dead process had sent may reach the store long after, and is found a little later.
        _searched = Time.GetTimestamp();
        var parked = await abandoned.ParkAsync(node.Roll, cancellationToken).ConfigureAwait(false);
        if (parked > 0)
        {
            ready.LookForParked();
        }

        if (gone > 0)
        {
            await branches.MoveAsync(cancellationToken).ConfigureAwait(false);
        }

        return gone + parked;
    }

    // The process slept, or was cut off. What it had to offer is parked, or offered by others already.
    private async Task ReturnAsync(CancellationToken cancellationToken)
    {
        ready.Clear();
        await node.JoinAsync(cancellationToken).ConfigureAwait(false);
        var parked = await abandoned.ParkAsync(node.Roll, cancellationToken).ConfigureAwait(false);
        ready.LookForParked();
        LogReturned(node.Number, parked);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} orchestrators fell silent and are taken for dead; what waited there is offered by others")]
    private partial void LogBuried(int count);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Others took this orchestrator for dead. It is back as number {Node}; {Parked} attempts are offered anew")]
    private partial void LogReturned(int node, int parked);
}
