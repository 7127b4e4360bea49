using System.Runtime.InteropServices;

namespace Aspire.Hosting.Offline;

/// <summary>Lets a command of a deployment undo what it began when it is told to end: the first Ctrl+C, SIGTERM, SIGQUIT or SIGHUP cancels it, the second ends the process at once.</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>What shells expect of a program that Ctrl+C ended.</summary>
    internal const int ExitCode = 130;

    private readonly CancellationTokenSource source;
    private readonly PosixSignalRegistration[] registrations;
    private readonly TextWriter output;
    private int signals;

    internal Interruption(TextWriter output, CancellationToken cancellationToken)
    {
        this.output = output;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGQUIT, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, OnSignal))];
    }

    internal CancellationToken Token => source.Token;

    internal bool HasHappened => Volatile.Read(ref signals) > 0;

    public void Dispose()
    {
        foreach (var registration in registrations)
        {
            registration.Dispose();
        }
        source.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref signals) > 1)
        {
            Environment.Exit(ExitCode);
        }
        output.WriteLine("Interrupted; what was begun is undone. Press Ctrl+C again to end at once.");
        source.Cancel();
    }
}
