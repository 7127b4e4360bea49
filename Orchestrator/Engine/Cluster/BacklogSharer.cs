using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Stack.Engine;

/// <summary>
/// Gives away attempts that wait here while nobody here asks for them, or while agents wait at another orchestrator: they are parked, and taken by whoever has agents for them.
/// </summary>
internal sealed class BacklogSharer(IWorkflowStore store, ReadyQueue ready, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<BacklogSharer> logger)
    : PeriodicLoop(time, logger)
{
    private const int All = 5000;
    private const int Some = 500;

    protected override TimeSpan Interval => options.Value.PeerInterval * 2;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!node.HasPeers)
        {
            return 0;
        }

        var given = 0;
        foreach (var lane in ready.Lanes)
        {
            var most = !lane.IsAsked(Time.GetUtcNow()) ? All : node.IsHungryElsewhere(lane.AgentType) ? Math.Min(lane.Count / 2, Some) : 0;
            given += most == 0 ? 0 : await GiveAsync(lane.Take(most), cancellationToken).ConfigureAwait(false);
        }

        return given;
    }

    private async Task<int> GiveAsync(List<ReadyTask> tasks, CancellationToken cancellationToken)
    {
        if (tasks.Count == 0)
        {
            return 0;
        }

        var parked = false;
        try
        {
            await store.ParkAsync(node.Number, tasks.ConvertAll(task => task.TaskId), cancellationToken).ConfigureAwait(false);
            parked = true;
            return tasks.Count;
        }
        finally
        {
            if (!parked)
            {
                ready.Offer(tasks, Time.GetUtcNow());
            }
        }
    }
}
