namespace Aspire.Hosting.Offline;

/// <summary>Hands requests of both protocols to the store, once it has read what earlier runs left. Thread-safe.</summary>
internal sealed class TelemetryIntake(TelemetryStore store, Task restored)
{
    private long rejected;

    internal int LargestBytes => store.Options.LargestRequestBytes;

    /// <summary>Requests of which nothing was taken.</summary>
    internal long Rejected => Interlocked.Read(ref rejected);

    internal void CountRejected() => Interlocked.Increment(ref rejected);

    internal async Task<IngestResult> TakeAsync(TelemetrySignal signal, ReadOnlyMemory<byte> request, CancellationToken cancellationToken)
    {
        await restored.WaitAsync(cancellationToken);
        return store.Add(signal, request.Span);
    }
}
