using Stack.Engine;

namespace Stack.Orchestrator.Gateway.Ledger;

/// <summary>Books reservations that nobody settled, because their orchestrator died: otherwise they would hold their budgets for ever.</summary>
internal sealed partial class ReservationExpirer(ILedgerStore store, TimeProvider time, ILogger<ReservationExpirer> logger) : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(1);

    /// <summary>One pass.</summary>
    /// <returns>How many there were.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var count = await store.ExpireAsync(time.GetUtcNow(), cancellationToken);
        if (count > 0)
        {
            LogExpired(count);
        }

        return count;
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception away) when (away is StoreUnavailableException or StoreSchemaException)
            {
                LogAway(away);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} reservations of model calls expired; they count at their worst case.")]
    private partial void LogExpired(int count);

    [LoggerMessage(Level = LogLevel.Debug, Message = "The ledger does not answer.")]
    private partial void LogAway(Exception exception);
}
