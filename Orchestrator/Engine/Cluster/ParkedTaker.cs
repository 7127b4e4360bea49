using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Takes parked attempts into memory as agents ask for them, page by page, so that a backlog of any length costs no memory.</summary>
internal sealed class ParkedTaker : PeriodicLoop
{
    private const int PageAmongPeers = 500;
    private readonly IWorkflowStore _store;
    private readonly ReadyQueue _ready;
    private readonly ClusterNode _node;
    private readonly EngineOptions _options;

    public ParkedTaker(IWorkflowStore store, ReadyQueue ready, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options, ILogger<ParkedTaker> logger)
        : base(time, logger)
    {
        (_store, _ready, _node, _options) = (store, ready, node, options.Value);
        _ready.OnLow(Wake);
    }

    protected override TimeSpan Interval => _options.PeerInterval * 2;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var taken = 0;
        foreach (var lane in _ready.Lanes)
        {
            if (lane.WantsParked(Time.GetUtcNow(), _node.HasPeers))
            {
                taken += await TakeAsync(lane.AgentType, cancellationToken).ConfigureAwait(false);
            }
        }

        return taken;
    }

    /// <summary>Takes a page. With others around no more than agents can be expected to want soon; the others have some, too.</summary>
    /// <param name="agentType">Of which type. Null: of any.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<int> TakeAsync(string? agentType, CancellationToken cancellationToken)
    {
        var now = Time.GetUtcNow();
        var limit = Math.Max(1, _options.ReadyCapacity / 2);
        limit = _node.HasPeers ? Math.Min(limit, PageAmongPeers) : limit;
        var page = await _store.TakeParkedAsync(_node.Number, agentType, now, ReadyLane.Horizon, limit, cancellationToken).ConfigureAwait(false);

        // They waited where this process could not see what became of their workflows.
        _ready.Offer([.. page.Select(attempt => new ReadyTask(attempt.TaskId, attempt.AgentType, attempt.Priority, AvailableAt(attempt)) { KnownAt = ReadyTask.LongAgo })], now);
        Priority? lowest = page.Count == limit ? page.Min(attempt => attempt.Priority) : null;
        foreach (var type in agentType is null ? page.Select(attempt => attempt.AgentType).Distinct() : [agentType])
        {
            _ready.LaneOf(type).Took(now, lowest);
        }

        return page.Count;
    }

    private static DateTimeOffset? AvailableAt(ActiveAttempt attempt) => attempt.Status is AttemptStatus.Dispatched ? null : attempt.AvailableAt;
}
