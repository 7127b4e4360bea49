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

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, Time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            {
                try
                {
                    await RunOnceAsync(stoppingToken).ConfigureAwait(false);
                }
                catch (Exception exception) when (exception is not OperationCanceledException)
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
