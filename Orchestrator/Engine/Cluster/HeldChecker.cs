using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>Looks whether what agents hold through this orchestrator is still theirs: another one may have canceled it, or taken it away. Attempts shorter than a look are never looked at.</summary>
internal sealed class HeldChecker(WorkflowCache cache, AttemptHolders holders, CommitEffects effects, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<HeldChecker> logger)
    : PeriodicLoop(time, logger)
{
    protected override TimeSpan Interval => options.Value.PeerInterval * 2;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!node.HasPeers)
        {
            return 0;
        }

        var stopped = 0;
        foreach (var held in holders.HeldSince(Time.GetUtcNow() - Interval).GroupBy(task => task.WorkflowId).Chunk(1000))
        {
            var workflows = await cache.RefreshAsync([.. held.Select(group => group.Key)], cancellationToken).ConfigureAwait(false);
            foreach (var group in held)
            {
                stopped += effects.StopWhatIsOver(workflows.GetValueOrDefault(group.Key), group);
            }
        }

        return stopped;
    }
}
