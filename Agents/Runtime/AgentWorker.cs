using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>
/// Runs the agent: joins, works until the process is told to end, then drains: claims no more, gives running attempts some time, hands back the others, delivers what there is, leaves.
/// </summary>
/// <param name="membership">Joins and leaves.</param>
/// <param name="claimer">Takes tasks.</param>
/// <param name="leases">Sends heartbeats.</param>
/// <param name="outbox">Delivers results.</param>
/// <param name="statuses">Sends statuses.</param>
/// <param name="table">The attempts.</param>
/// <param name="options">How long draining may take.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where the stations are written.</param>
internal sealed partial class AgentWorker(
    AgentMembership membership,
    TaskClaimer claimer,
    LeaseKeeper leases,
    ResultOutbox outbox,
    StatusSender statuses,
    AttemptTable table,
    AgentOptions options,
    TimeProvider time,
    ILogger<AgentWorker> logger) : BackgroundService
{
    private static readonly TimeSpan StopLimit = RunningAttempt.StopGrace + TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest that draining takes, for the host's shutdown limit.</summary>
    /// <param name="options">The options.</param>
    public static TimeSpan ShutdownLimit(AgentOptions options) => options.DrainGrace + StopLimit + DeliveryLimit + LeaveLimit + TimeSpan.FromSeconds(1);

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            var self = await membership.JoinAsync(stoppingToken);
            LogJoined(self.AgentId.Value, self.Version, self.MaxConcurrency, outbox.TakeUp());
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to end before the orchestrator was there: nothing to drain.
            return;
        }

        await WorkAsync(stoppingToken);
    }

    private async Task WorkAsync(CancellationToken stoppingToken)
    {
        using var life = new CancellationTokenSource();
        Task[] loops = [leases.RunAsync(life.Token), outbox.RunAsync(life.Token), statuses.RunAsync(life.Token)];
        var claiming = claimer.RunAsync(stoppingToken);
        try
        {
            // A loop ends by itself only through a defect: the process ends with it, rather than live on as half an agent.
            await await Task.WhenAny([claiming, .. loops]);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            leases.IsDraining = true;
            await DrainAsync();
        }
        finally
        {
            await life.CancelAsync();
            await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await LeaveAsync();
        }
    }

    private async Task DrainAsync()
    {
        LogDraining(table.Running, options.DrainGrace.TotalSeconds);
        if (!await WithinAsync(options.DrainGrace, table.WaitUntilIdleAsync))
        {
            LogHandingBack(table.Running);
            table.StopAll(StopReason.Shutdown);
            await WithinAsync(StopLimit, table.WaitUntilIdleAsync);
        }

        if (!await WithinAsync(DeliveryLimit, outbox.WaitUntilDeliveredAsync))
        {
            LogKept(outbox.Undelivered);
        }
    }

    private async Task LeaveAsync()
    {
        try
        {
            await WithinAsync(LeaveLimit, membership.LeaveAsync);
            LogLeft(membership.AgentId.Value);
        }
        catch (TaskFeedException exception)
        {
            LogNotLeft(exception.Message);
        }
    }

    private async Task<bool> WithinAsync(TimeSpan limit, Func<CancellationToken, Task> work)
    {
        using var timeout = new CancellationTokenSource(limit, time);
        try
        {
            await work(timeout.Token);
            return true;
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(LogLevel.Information, "{AgentId} {Version} is registered and makes up to {Slots} attempts at once; {Kept} results of an earlier process are to be delivered")]
    private partial void LogJoined(string agentId, string version, int slots, int kept);

    [LoggerMessage(LogLevel.Information, "Draining: {Count} attempts have {Seconds:0.#} s to finish")]
    private partial void LogDraining(int count, double seconds);

    [LoggerMessage(LogLevel.Information, "Handing back {Count} attempts")]
    private partial void LogHandingBack(int count);

    [LoggerMessage(LogLevel.Warning, "{Count} results were not delivered; the next process of this agent delivers them")]
    private partial void LogKept(int count);

    [LoggerMessage(LogLevel.Information, "{AgentId} left")]
    private partial void LogLeft(string agentId);

    [LoggerMessage(LogLevel.Warning, "The orchestrator was not told that the agent leaves; it will notice by the missing heartbeats. {Reason}")]
    private partial void LogNotLeft(string reason);
}
