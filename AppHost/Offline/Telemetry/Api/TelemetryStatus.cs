namespace Aspire.Hosting.Offline;

/// <summary>How many records of a kind are kept, and how many went.</summary>
internal sealed record RecordsStatus(int Count, int Capacity, long Dropped);

/// <summary>How many series are kept.</summary>
internal sealed record MetricsStatus(int Series, long Points, int SeriesCapacity);

/// <summary>Whether telemetry is on disk: writing, stopped (and why), or off.</summary>
internal sealed record DiskStatus(string State, string? Reason, string? Directory, long Bytes);

/// <summary>What is kept, and where it comes in.</summary>
internal sealed record TelemetryStatus(
    string Run, RecordsStatus Logs, RecordsStatus Spans, int Traces, MetricsStatus Metrics, long MemoryBytes, DiskStatus Disk, string? Grpc, string? Http, long RejectedRequests)
{
    internal static TelemetryStatus Of(TelemetryStore store, TelemetryReceivers receivers)
    {
        var disk = store.Journal is not { } journal ? new DiskStatus("off", null, null, 0)
            : new DiskStatus(journal.Failure is null ? "writing" : "stopped", journal.Failure, journal.Directory, journal.Bytes);
        return store.Read(content => new TelemetryStatus(
            store.Run,
            new RecordsStatus(content.Logs.Count, store.Options.MostLogs, content.Logs.Dropped),
            new RecordsStatus(content.Spans.Count, store.Options.MostSpans, content.Spans.Dropped),
            content.Spans.Traces.Count,
            new MetricsStatus(content.Metrics.SeriesCount, content.Metrics.Points, store.Options.MostSeries),
            content.Bytes,
            disk,
            receivers.Grpc?.OriginalString,
            receivers.Http?.OriginalString,
            receivers.Rejected));
    }
}
