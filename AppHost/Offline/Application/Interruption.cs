namespace Aspire.Hosting.Offline;

/// <summary>Lets a command of a deployment undo what it began when it is told to end: the first signal cancels it, the next one ends the process at once (see <see cref="EndSignals"/>).</summary>
internal sealed class Interruption : IDisposable
{
    /// <summary>What shells expect of a program that Ctrl+C ended.</summary>
    internal const int ExitCode = 130;

    private readonly CancellationTokenSource source;
    private readonly EndSignals signals;
    private readonly TextWriter output;
    private volatile bool hasHappened;

    internal Interruption(TextWriter output, TimeProvider time, CancellationToken cancellationToken)
    {
        this.output = output;
        source = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        signals = new EndSignals(time, Cancel, () => Environment.Exit(ExitCode));
    }

    internal CancellationToken Token => source.Token;

    internal bool HasHappened => hasHappened;

    public void Dispose()
    {
        signals.Dispose();
        source.Dispose();
    }

    private void Cancel()
    {
        hasHappened = true;
        output.WriteLine("Interrupted; what was begun is undone. Press Ctrl+C again to end at once.");
        source.Cancel();
    }
}
