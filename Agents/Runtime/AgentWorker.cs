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
/// <param name="lifetime">Ends the process.</param>
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
    IHostApplicationLifetime lifetime,
    TimeProvider time,
    ILogger<AgentWorker> logger) : BackgroundService
{
    // Shorter than an attempt's own grace: whoever supervises us waits ten seconds for everything, and leaving hands back what is left.
    private static readonly TimeSpan StopLimit = TimeSpan.FromMilliseconds(1_500);
    private static readonly TimeSpan DeliveryLimit = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LeaveLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>The exit code when the orchestrator does not let the agent in: a setting is wrong (<c>EX_CONFIG</c>).</summary>
    public const int RefusedExitCode = 78;

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
        catch (TaskFeedException exception)
        {
            // Refused for good. Trying again cannot help before someone changes a setting.
            LogRefused(exception.Message);
            Environment.ExitCode = RefusedExitCode;
            lifetime.StopApplication();
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
            var ended = await Task.WhenAny([claiming, .. loops]);
            if (ended == claiming && stoppingToken.IsCancellationRequested)
            {
                leases.IsDraining = true;
                await DrainAsync();
                return;
            }

            // A loop ends by itself only through a defect: the process ends with it, rather than live on as half an agent.
            Environment.ExitCode = 1;
            await ended;
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

    [LoggerMessage(LogLevel.Critical, "The orchestrator does not let this agent in. {Reason}")]
    private partial void LogRefused(string reason);

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
