using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>Wakes readers of the event log when another orchestrator wrote to it. It asks only while somebody waits.</summary>
internal sealed class EventFollower(IWorkflowStore store, EventSignal signal, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<EventFollower> logger)
    : PeriodicLoop(time, logger)
{
    protected override TimeSpan Interval => options.Value.PeerInterval;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!node.HasPeers || !signal.IsAwaited)
        {
            return 0;
        }

        var before = signal.LastEventId;
        var last = await store.ReadLastEventIdAsync(cancellationToken).ConfigureAwait(false);
        signal.Set(last);
        return last > before ? 1 : 0;
    }
}
