using Microsoft.Extensions.Options;
using Stack.Engine;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>
/// Holds the start back until the database lets us in: the engine begins with what is in it. Says at once what it waits for, and again from time to time. With
/// <see cref="PreflightOptions.FailFast"/> it gives up after <see cref="PreflightOptions.Timeout"/>; without it waits as long as it takes.
/// </summary>
internal sealed partial class PostgresArrival(PostgresPreflight check, IOptions<PreflightOptions> options, TimeProvider time, ILogger<PostgresArrival> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan Reminder = TimeSpan.FromSeconds(30);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var said = TimeSpan.MinValue;
        while (options.Value.Enabled && await FindCauseAsync(cancellationToken) is { } cause)
        {
            var elapsed = time.GetElapsedTime(started);
            if (options.Value.FailFast && elapsed >= options.Value.Timeout)
            {
                throw cause;
            }

            if (said == TimeSpan.MinValue || elapsed - said >= Reminder)
            {
                said = elapsed;
                LogWaiting(elapsed.TotalSeconds, cause.Message, check.Remedy);
            }

            await Task.Delay(options.Value.Interval / 4, time, cancellationToken);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task<StoreUnavailableException?> FindCauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            await check.CheckAsync(cancellationToken);
            return null;
        }
        catch (StoreUnavailableException unavailable)
        {
            return unavailable;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "⚠ postgres is not available after {Seconds:0.0} s; the start waits for it. {Cause} {Remedy}")]
    private partial void LogWaiting(double seconds, string cause, string remedy);
}
