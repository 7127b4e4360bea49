namespace Aspire.Hosting.Offline;

/// <summary>How much telemetry is kept, and how large a request may be.</summary>
internal sealed record TelemetryOptions
{
    /// <summary>Spans kept; the oldest go first.</summary>
    /// <value>Default 100,000.</value>
    public int MostSpans { get; init; } = 100_000;

    /// <summary>Log records kept; the oldest go first.</summary>
    /// <value>Default 100,000.</value>
    public int MostLogs { get; init; } = 100_000;

    /// <summary>Bytes that the attributes and texts of spans, and those of logs, may each take in memory.</summary>
    /// <value>Default 64 MiB.</value>
    public long MostRecordBytes { get; init; } = 64L << 20;

    /// <summary>Combinations of instrument and attributes kept; further ones are refused.</summary>
    /// <value>Default 20,000.</value>
    public int MostSeries { get; init; } = 20_000;

    /// <summary>Numbers that the points of all series may take together.</summary>
    /// <value>Default 2,000,000 (16 MB).</value>
    public int MostMetricNumbers { get; init; } = 2_000_000;

    /// <summary>Instances of services known; records of further ones are refused.</summary>
    /// <value>Default 1,000.</value>
    public int MostResources { get; init; } = 1_000;

    /// <summary>The largest request, as sent and as unpacked.</summary>
    /// <value>Default 16 MiB.</value>
    public int LargestRequestBytes { get; init; } = 16 << 20;

    /// <summary>Bytes that the files of each of traces, logs and metrics may take on disk.</summary>
    /// <value>Default 64 MiB.</value>
    public long MostDiskBytes { get; init; } = 64L << 20;

    /// <summary>After how many bytes another file is begun.</summary>
    /// <value>Default 4 MiB.</value>
    public long SegmentBytes { get; init; } = 4L << 20;

    /// <summary>How often what came is written to disk.</summary>
    /// <value>Default 1 s.</value>
    public TimeSpan WriteInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How often at most the metrics of one resource are written to disk; between, they are in memory only.</summary>
    /// <value>Default 10 s.</value>
    public TimeSpan MetricsWriteInterval { get; init; } = TimeSpan.FromSeconds(10);
}
