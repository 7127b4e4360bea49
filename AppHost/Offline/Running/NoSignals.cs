using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Offline;

/// <summary>Leaves signals to whoever runs the host inside another program.</summary>
internal sealed class NoSignals : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
