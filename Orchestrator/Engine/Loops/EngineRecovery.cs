using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Takes up again what another process left: before anything else starts, the schema is brought up to date, running attempts get a fresh lease (their agents could not renew it),
/// and waiting ones are offered. Branches that a crash kept from moving follow in the background. Where others are at work, they have looked after the rest.
/// </summary>
internal sealed partial class EngineRecovery(
    IWorkflowStore store,
    ClusterNode node,
    AbandonedAttempts abandoned,
    ParkedTaker parked,
    AttemptHolders holders,
    EventSignal signal,
    BranchRecovery branches,
    LeaseRescuer rescuer,
    TimeProvider time,
    ILogger<EngineRecovery> logger) : IHostedLifecycleService
{
    private const int Page = 5000;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await store.MigrateAsync(cancellationToken).ConfigureAwait(false);
        await node.JoinAsync(cancellationToken).ConfigureAwait(false);
        signal.Set(await store.ReadLastEventIdAsync(cancellationToken).ConfigureAwait(false));
        if (node.HasPeers)
        {
            LogJoined(node.Number);
        }
        else
        {
            await rescuer.ResumeAsync(cancellationToken).ConfigureAwait(false);
            await HoldAsync(cancellationToken).ConfigureAwait(false);
        }

        // Nothing is offered here yet, also under the number of a process that is always alone.
        var others = node.Roll with { Living = [.. node.Roll.Living.Where(number => number != node.Number)] };
        await abandoned.ParkAsync(others, cancellationToken).ConfigureAwait(false);
        await parked.TakeAsync(agentType: null, cancellationToken).ConfigureAwait(false);

        // Before any result can count here: branches move in the order of this queue, and must not go back. Beside others, too: they have not noticed the death of a process that is back already.
        await branches.MoveAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Everything has stopped: says goodbye, and leaves what waits to the others.</summary>
    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        try
        {
            await node.LeaveAsync(cancellationToken).ConfigureAwait(false);
            if (node.HasPeers)
            {
                await abandoned.ParkAsync(node.Roll with { Living = [.. node.Roll.Living.Where(number => number != node.Number)] }, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (StoreUnavailableException exception)
        {
            LogNotLeft(exception.Message);
        }
    }

    // So that agents that hold something are told when it ends, and nobody else gets it.
    private async Task HoldAsync(CancellationToken cancellationToken)
    {
        var (waiting, running) = (0, 0);
        TaskId? after = null;
        IReadOnlyList<ActiveAttempt> page;
        do
        {
            page = await store.ListActiveAttemptsAsync(after, Page, cancellationToken).ConfigureAwait(false);
            foreach (var attempt in page.Where(attempt => attempt is { Status: AttemptStatus.Running, AgentId: not null }))
            {
                holders.Hold(attempt.TaskId, attempt.AgentId!.Value, time.GetUtcNow());
                running++;
            }

            waiting += page.Count(attempt => attempt.Status is AttemptStatus.Pending or AttemptStatus.Dispatched);
            after = page.Count > 0 ? page[^1].TaskId : after;
        }
        while (page.Count == Page);

        if (waiting + running > 0)
        {
            LogRecovered(waiting, running);
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Took up {Waiting} attempts that wait and {Running} that run")]
    private partial void LogRecovered(int waiting, int running);

    [LoggerMessage(Level = LogLevel.Information, Message = "Joined other orchestrators as number {Node}")]
    private partial void LogJoined(int node);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The others were not told that this orchestrator ends; they notice its silence. {Reason}")]
    private partial void LogNotLeft(string reason);
}
