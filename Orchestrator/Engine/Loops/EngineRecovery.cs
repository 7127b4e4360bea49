using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>
/// Takes up again what another process left: before anything else starts, the schema is brought up to date, running attempts get a fresh lease (their agents could not renew it),
/// and waiting ones are offered. Branches that a crash kept from moving follow in the background.
/// </summary>
internal sealed partial class EngineRecovery(
    IWorkflowStore store,
    ReadyQueue ready,
    AttemptHolders holders,
    WorkspaceAdvancer workspaces,
    LeaseRescuer rescuer,
    TimeProvider time,
    ILogger<EngineRecovery> logger) : IHostedLifecycleService
{
    private const int Page = 5000;
    private const int Recent = 200;
    private const int UnderWay = 1000;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await store.MigrateAsync(cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        await rescuer.ResumeAsync(cancellationToken).ConfigureAwait(false);
        int waiting = 0, running = 0;
        TaskId? after = null;
        while (true)
        {
            var page = await store.ListActiveAttemptsAsync(after, Page, cancellationToken).ConfigureAwait(false);
            ready.Offer([.. page.Where(attempt => attempt.Status is AttemptStatus.Pending or AttemptStatus.Dispatched).Select(AsReady)], now);
            foreach (var attempt in page.Where(attempt => attempt is { Status: AttemptStatus.Running, AgentId: not null }))
            {
                holders.Hold(attempt.TaskId, attempt.AgentId!.Value, now);
                running++;
            }

            waiting += page.Count(attempt => attempt.Status is AttemptStatus.Pending or AttemptStatus.Dispatched);
            if (page.Count < Page)
            {
                break;
            }

            after = page[^1].TaskId;
        }

        if (waiting + running > 0)
        {
            LogRecovered(waiting, running);
        }

        await MoveBranchesAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Before any result can count: branches move in the order of this queue, and must not go back.
    private async Task MoveBranchesAsync(CancellationToken cancellationToken)
    {
        WorkflowQuery[] queries =
        [
            new() { Status = WorkflowStatus.Running, Limit = UnderWay },
            new() { Status = WorkflowStatus.Waiting, Limit = UnderWay },
            new() { Status = WorkflowStatus.Paused, Limit = UnderWay },
            new() { Limit = Recent },
        ];
        var seen = new HashSet<WorkflowId>();
        foreach (var query in queries)
        {
            foreach (var workflow in await store.ListAsync(query, cancellationToken).ConfigureAwait(false))
            {
                if (workflow.State.HeadCommit is { } head && seen.Add(workflow.Header.Id))
                {
                    workspaces.Enqueue(workflow.Header.Id, head, [.. workflow.State.Stages.SelectMany(stage => stage.References)]);
                }
            }
        }
    }

    // What a broker holds is offered again only if nobody has started it by its deadline.
    private static ReadyTask AsReady(ActiveAttempt attempt) =>
        new(attempt.TaskId, attempt.AgentType, attempt.Priority, attempt.Status is AttemptStatus.Dispatched ? attempt.Deadline : attempt.AvailableAt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Took up {Waiting} attempts that wait and {Running} that run")]
    private partial void LogRecovered(int waiting, int running);
}
