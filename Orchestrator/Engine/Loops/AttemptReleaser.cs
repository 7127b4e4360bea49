using Microsoft.Extensions.Hosting;

namespace Stack.Engine;

/// <summary>Offers attempts whose time has come: retries after their back-off, snoozes.</summary>
internal sealed class AttemptReleaser(ReadyQueue ready, TimeProvider time) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var changed = ready.DelayedChangedAsync(stoppingToken);
                var (_, next) = ready.Release(time.GetUtcNow());
                if (next is not { } at)
                {
                    await changed.ConfigureAwait(false);
                    continue;
                }

                using var earlier = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
                await Task.WhenAny(changed, Task.Delay(Max(at - time.GetUtcNow()), time, earlier.Token)).ConfigureAwait(false);
                await earlier.CancelAsync().ConfigureAwait(false);
                stoppingToken.ThrowIfCancellationRequested();
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops; what is delayed is in the store.
        }
    }

    private static TimeSpan Max(TimeSpan wait) => wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait < TimeSpan.FromHours(1) ? wait : TimeSpan.FromHours(1);
}
