using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Stack.Engine;

/// <summary>A loop that makes a pass, waits, and makes the next one. A pass that fails is logged and tried again at the next turn.</summary>
internal abstract partial class PeriodicLoop(TimeProvider time, ILogger logger) : BackgroundService
{
    private volatile TaskCompletionSource _woken = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _failing;

    /// <summary>The clock.</summary>
    protected TimeProvider Time { get; } = time;

    /// <summary>The wait between two passes.</summary>
    protected abstract TimeSpan Interval { get; }

    /// <summary>Makes one pass.</summary>
    /// <returns>How many things it did.</returns>
    public abstract Task<int> RunOnceAsync(CancellationToken cancellationToken);

    /// <summary>Called before each pass.</summary>
    /// <param name="since">How long ago the last one that succeeded began. Far more than the interval: the machine slept, or the store did not answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether to make the pass.</returns>
    protected virtual Task<bool> PrepareAsync(TimeSpan since, CancellationToken cancellationToken) => Task.FromResult(true);

    /// <summary>Lets the next pass begin at once.</summary>
    protected void Wake() => _woken.TrySetResult();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, Time);
        var tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
        var last = Time.GetUtcNow();
        try
        {
            while (true)
            {
                if (await Task.WhenAny(tick, _woken.Task).ConfigureAwait(false) == tick)
                {
                    await tick.ConfigureAwait(false);
                    tick = timer.WaitForNextTickAsync(stoppingToken).AsTask();
                }

                _woken = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                var now = Time.GetUtcNow();
                last = await TryRunOnceAsync(now - last, stoppingToken).ConfigureAwait(false) ? now : last;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; the pass that was under way is repeated by the next process.
        }
    }

    private async Task<bool> TryRunOnceAsync(TimeSpan since, CancellationToken stoppingToken)
    {
        try
        {
            if (await PrepareAsync(since, stoppingToken).ConfigureAwait(false))
            {
                await RunOnceAsync(stoppingToken).ConfigureAwait(false);
            }

            _failing = false;
            return true;
        }
        catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
        {
            // Once, not at every turn: a store that is away for a minute would fill the log.
            LogPassFailed(logger, _failing ? LogLevel.Debug : LogLevel.Warning, GetType().Name, exception);
            _failing = true;
            return false;
        }
    }

    [LoggerMessage(Message = "A pass of {Loop} failed; it is tried again")]
    private static partial void LogPassFailed(ILogger logger, LogLevel level, string loop, Exception exception);
}
