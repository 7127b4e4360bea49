using Microsoft.Extensions.Hosting;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Passes on between readers of events here and other orchestrators that there is more.</summary>
internal sealed class EventRelay(EventSignal signal, IEventBus bus) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var listening = bus.Subscribe(signal.Set);
        var last = 0L;
        try
        {
            while (true)
            {
                await signal.WaitAsync(last, stoppingToken).ConfigureAwait(false);
                last = signal.LastEventId;
                bus.Announce(last);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Other orchestrators find the last events in the store.
        }
    }
}
