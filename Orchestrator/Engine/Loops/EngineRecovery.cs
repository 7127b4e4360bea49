using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
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
    TimeProvider time,
    IOptions<EngineOptions> options,
    ILogger<EngineRecovery> logger) : IHostedLifecycleService
{
    private const int Page = 5000;
    private const int RecentWorkflows = 200;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await store.MigrateAsync(cancellationToken).ConfigureAwait(false);
        var now = time.GetUtcNow();
        await store.ExtendLeasesAsync(now + options.Value.LeaseDuration, cancellationToken).ConfigureAwait(false);
        int waiting = 0, running = 0;
        TaskId? after = null;
        while (true)
        {
            var page = await store.ListActiveAttemptsAsync(after, Page, cancellationToken).ConfigureAwait(false);
            ready.Offer([.. page.Where(attempt => attempt.Status is AttemptStatus.Pending or AttemptStatus.Dispatched).Select(AsReady)], now);
            foreach (var attempt in page.Where(attempt => attempt is { Status: AttemptStatus.Running, AgentId: not null }))
            {
                holders.Hold(attempt.TaskId, attempt.AgentId!.Value);
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
    }

    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        foreach (var workflow in await store.ListAsync(new WorkflowQuery { Limit = RecentWorkflows }, cancellationToken).ConfigureAwait(false))
        {
            if (workflow.State.HeadCommit is { } head)
            {
                workspaces.Enqueue(workflow.Header.Id, head, [.. workflow.State.Stages.SelectMany(stage => stage.References)]);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // What a broker holds is offered again only if nobody has started it by its deadline.
    private static ReadyTask AsReady(ActiveAttempt attempt) =>
        new(attempt.TaskId, attempt.AgentType, attempt.Priority, attempt.Status is AttemptStatus.Dispatched ? attempt.Deadline : attempt.AvailableAt);

    [LoggerMessage(Level = LogLevel.Information, Message = "Took up {Waiting} attempts that wait and {Running} that run")]
    private partial void LogRecovered(int waiting, int running);
}
