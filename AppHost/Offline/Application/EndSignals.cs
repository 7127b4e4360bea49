using System.Runtime.InteropServices;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Hears when this process is told to end, by Ctrl+C, SIGTERM, SIGQUIT or SIGHUP, and lets it end by itself. One wish may arrive as several signals: what tells a whole process group to end
/// tells <c>dotnet run</c> too, which passes it on. So all that come within a moment count as one.
/// </summary>
internal sealed class EndSignals : IDisposable
{
    /// <summary>How long after the first signal others are the same wish.</summary>
    internal static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private readonly PosixSignalRegistration[] registrations;
    private readonly Lock gate = new();
    private readonly TimeProvider time;
    private readonly Action first;
    private readonly Action again;
    private long? firstAt;

    /// <summary>Listens until it is disposed of.</summary>
    /// <param name="time">The clock.</param>
    /// <param name="first">What the first signal does.</param>
    /// <param name="again">What every one does that comes later than a moment after the first.</param>
    internal EndSignals(TimeProvider time, Action first, Action again)
    {
        (this.time, this.first, this.again) = (time, first, again);
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Hear))];
    }

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
    }

    /// <summary>Takes a signal. Each comes on a thread of its own, so two may come at once.</summary>
    internal void Hear(PosixSignalContext context)
    {
        context.Cancel = true;
        Meaning()?.Invoke();
    }

    // Null: it is the one before, once more.
    private Action? Meaning()
    {
        lock (gate)
        {
            if (firstAt is { } before)
            {
                return time.GetElapsedTime(before) < Moment ? null : again;
            }
            firstAt = time.GetTimestamp();
            return first;
        }
    }
}
