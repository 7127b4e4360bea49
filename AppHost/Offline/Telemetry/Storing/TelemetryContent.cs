namespace Aspire.Hosting.Offline;

/// <summary>All telemetry that is kept in memory. Not thread-safe: <see cref="TelemetryStore"/> guards it.</summary>
internal sealed class TelemetryContent
{
    private readonly RecordWriter writer;
    private readonly SpanParser spanParser;
    private readonly LogParser logParser;
    private readonly MetricParser metricParser;
    private readonly ParsedBatch<SpanEntry> spanBatch = new();
    private readonly ParsedBatch<LogEntry> logBatch = new();
    private readonly ParsedBatch<MetricPoint> metricBatch = new();

    internal TelemetryContent(TelemetryOptions options)
    {
        Options = options;
        writer = new RecordWriter(Strings);
        Resources = new ResourceTable(writer, options.MostResources);
        Scopes = new ScopeTable(writer);
        Spans = new SpanStore(options, Resources);
        Logs = new LogStore(options, Resources);
        Metrics = new MetricStore(options, Resources);
        spanParser = new SpanParser(writer, Resources, Scopes);
        logParser = new LogParser(writer, Resources, Scopes);
        metricParser = new MetricParser(writer, Resources, Scopes);
    }

    internal TelemetryOptions Options { get; }

    internal StringTable Strings { get; } = new();

    internal ResourceTable Resources { get; }

    internal ScopeTable Scopes { get; }

    internal SpanStore Spans { get; }

    internal LogStore Logs { get; }

    internal MetricStore Metrics { get; }

    /// <summary>Bytes of records and points, without the tables that find them.</summary>
    internal long Bytes => Spans.Bytes + Logs.Bytes + Metrics.Bytes;

    /// <summary>Keeps the records of a request, or throws and keeps none.</summary>
    internal IngestResult Add(TelemetrySignal signal, ReadOnlySpan<byte> request, DateTimeOffset received)
    {
        writer.Output.Clear();
        Resources.Now = received;
        return signal switch
        {
            TelemetrySignal.Traces => AddSpans(request),
            TelemetrySignal.Logs => AddLogs(request),
            _ => AddMetrics(request),
        };
    }

    /// <summary>Whether the metrics that were added last are to be written to disk; what comes between may be missed unless it is a change that nothing tells again.</summary>
    internal bool AreMetricsDue()
    {
        var isDue = false;
        foreach (var (point, _, _) in metricBatch.Items)
        {
            var resource = Resources[point.Resource];
            if (point.IsDelta || Resources.Now - resource.MetricsWritten >= Options.MetricsWriteInterval)
            {
                isDue = true;
                resource.MetricsWritten = Resources.Now;
            }
        }
        return isDue;
    }

    /// <summary>Forgets a signal of the resources with that name; null is all of them.</summary>
    internal void Clear(TelemetrySignal signal, string? resource)
    {
        IEnumerable<int?> numbers = resource is null ? [null] : Resources.Named(resource, instance: null).Select(number => (int?)number);
        foreach (var number in numbers)
        {
            switch (signal)
            {
                case TelemetrySignal.Traces:
                    Spans.Clear(number);
                    break;
                case TelemetrySignal.Logs:
                    Logs.Clear(number);
                    break;
                default:
                    Metrics.Clear(number);
                    break;
            }
        }
    }

    private IngestResult AddSpans(ReadOnlySpan<byte> request)
    {
        spanBatch.Clear();
        spanParser.Parse(request, spanBatch);
        foreach (var (entry, offset, length) in spanBatch.Items)
        {
            Spans.Add(entry, writer.Output.Written.Slice(offset, length));
        }
        return spanBatch.Result;
    }

    private IngestResult AddLogs(ReadOnlySpan<byte> request)
    {
        logBatch.Clear();
        logParser.Parse(request, logBatch);
        foreach (var (entry, offset, length) in logBatch.Items)
        {
            // A record may come without any time.
            Logs.Add(entry.Time == 0 ? entry with { Time = TelemetryTime.From(Resources.Now) } : entry, writer.Output.Written.Slice(offset, length));
        }
        return logBatch.Result;
    }

    private IngestResult AddMetrics(ReadOnlySpan<byte> request)
    {
        metricBatch.Clear();
        metricParser.Parse(request, metricBatch);
        var refused = 0;
        foreach (var (point, offset, length) in metricBatch.Items)
        {
            refused += Metrics.Add(point, writer.Output.Written.Slice(offset, length)) ? 0 : 1;
        }
        if (refused > 0)
        {
            metricBatch.Reject(refused, $"too many combinations of attributes: at most {MetricInstrument.MostSeries} of an instrument are kept");
        }
        return metricBatch.Result with { Accepted = metricBatch.Items.Count - refused };
    }
}
