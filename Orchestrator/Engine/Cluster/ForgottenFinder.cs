using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Finds attempts that are this orchestrator's to offer and that it does not know: the store gave them to it, and the answer was lost on the way, or came to be true long after it was given up.
/// What is unknown twice in a row, and so is not on its way to an agent, is parked; whoever has agents for it takes it.
/// </summary>
internal sealed partial class ForgottenFinder(
    IWorkflowStore store, WorkflowCache cache, ReadyQueue ready, AttemptHolders holders, ClusterNode node, TimeProvider time, ILogger<ForgottenFinder> logger) : PeriodicLoop(time, logger)
{
    private const int MostOffered = 50_000;
    private const int Page = 1_000;
    private static readonly TimeSpan Age = TimeSpan.FromSeconds(30);
    private HashSet<TaskId> _unknown = [];

    protected override TimeSpan Interval => Age;

    public override async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (node.IsSole || !node.IsCurrent)
        {
            return 0;
        }

        var number = node.Number;
        var unknown = new HashSet<TaskId>();
        var offered = await store.ListOfferedAsync(number, node.Now - Age, MostOffered, cancellationToken).ConfigureAwait(false);
        foreach (var page in offered.Where(task => holders.HolderOf(task) is null && !ready.Has(task)).Chunk(Page))
        {
            // What is paused is offered again by who resumes it.
            var workflows = await cache.RefreshAsync([.. page.Select(task => task.WorkflowId).Distinct()], cancellationToken).ConfigureAwait(false);
            unknown.UnionWith(page.Where(task => workflows.GetValueOrDefault(task.WorkflowId) is { State.Paused: false } workflow && workflow.IsOutstanding(task)));
        }

        var forgotten = unknown.Where(_unknown.Contains).ToList();
        _unknown = unknown;
        foreach (var page in forgotten.Chunk(Page))
        {
            await store.ParkAsync(number, page, cancellationToken).ConfigureAwait(false);
        }

        if (forgotten.Count > 0)
        {
            LogFound(forgotten.Count);
            ready.LookForParked();
        }

        return forgotten.Count;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} attempts were this orchestrator's to offer, and it did not know of them: an answer of the store was lost. They are offered now")]
    private partial void LogFound(int count);
}
