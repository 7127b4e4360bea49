using System.Runtime.InteropServices;

namespace Aspire.Hosting.Offline;

/// <summary>Hears when this process is told to end, by Ctrl+C, SIGTERM, SIGQUIT or SIGHUP, and lets it end by itself.</summary>
internal sealed class EndSignals : IDisposable
{
    private readonly PosixSignalRegistration[] registrations;
    private readonly Action first;
    private readonly Action again;
    private int signals;

    /// <summary>Listens until it is disposed of.</summary>
    /// <param name="first">What the first signal does.</param>
    /// <param name="again">What every other one does.</param>
    internal EndSignals(Action first, Action again)
    {
        (this.first, this.again) = (first, again);
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        (Interlocked.Increment(ref signals) == 1 ? first : again)();
    }
}
