using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Stack.Engine;

/// <summary>A loop that makes a pass, waits, and makes the next one. A pass that fails is logged and tried again at the next turn.</summary>
internal abstract partial class PeriodicLoop(TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>The wait between two passes.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>Makes one pass.</summary>
    /// <returns>How many things it did.</returns>
    public abstract Task<int> RunOnceAsync(CancellationToken cancellationToken);

    /// <summary>Called before each pass.</summary>
    /// <param name="since">How long ago the last one began. Far more than the interval: the machine slept, or the store did not answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    protected virtual Task PrepareAsync(TimeSpan since, CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, Time);
        var last = Time.GetUtcNow();
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                var since = Time.GetUtcNow() - last;
                last += since;
                try
                {
                    await PrepareAsync(since, stoppingToken).ConfigureAwait(false);
                    await RunOnceAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    LogPassFailed(logger, GetType().Name, exception);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the pass that was under way is repeated by the next process.
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A pass of {Loop} failed; it is tried again")]
    private static partial void LogPassFailed(ILogger logger, string loop, Exception exception);
}
