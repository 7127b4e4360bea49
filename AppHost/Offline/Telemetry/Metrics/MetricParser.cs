using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>Reads an ExportMetricsServiceRequest. Exponential histograms and summaries are kept without their buckets and quantiles. Not thread-safe.</summary>
internal sealed class MetricParser(RecordWriter writer, ResourceTable resources, ScopeTable scopes)
{
    private const int LongestText = 1_024;

    private readonly MetricPointParser points = new(writer);

    /// <summary>Adds the points of the request to the batch; throws when the request is malformed, and the batch is worthless then.</summary>
    internal void Parse(ReadOnlySpan<byte> request, ParsedBatch<MetricPoint> batch)
    {
        var reader = new ProtoReader(request);
        while (reader.NextField())
        {
            if (reader.Field == 1)
            {
                ParseResource(reader.Bytes(), batch);
            }
            else
            {
                reader.Skip();
            }
        }
    }

    private void ParseResource(ReadOnlySpan<byte> message, ParsedBatch<MetricPoint> batch)
    {
        var resource = resources.Find(ProtoReader.Find(message, 1));
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            if (reader.Field != 2)
            {
                reader.Skip();
                continue;
            }
            var scoped = reader.Bytes();
            var scope = scopes.Find(ProtoReader.Find(scoped, 1));
            var metrics = new ProtoReader(scoped);
            while (metrics.NextField())
            {
                if (metrics.Field == 2)
                {
                    ParseMetric(metrics.Bytes(), resource, scope, batch);
                }
                else
                {
                    metrics.Skip();
                }
            }
        }
    }

    private void ParseMetric(ReadOnlySpan<byte> metric, int? resource, int scope, ParsedBatch<MetricPoint> batch)
    {
        var reader = new ProtoReader(metric);
        while (reader.NextField())
        {
            if (reader.Field is not (5 or 7 or 9 or 10 or 11))
            {
                reader.Skip();
                continue;
            }
            var field = reader.Field;
            var content = reader.Bytes();
            var (isDelta, isMonotonic) = Aggregation(content);
            var kind = field switch { 5 => MetricKind.Gauge, 7 when isMonotonic => MetricKind.Counter, 7 => MetricKind.UpDownCounter, _ => MetricKind.Histogram };
            var point = new MetricPoint { Resource = resource ?? 0, Scope = scope, Description = Describe(metric, kind), IsDelta = isDelta };
            ParsePoints(content, field, point, isKnown: resource is not null, batch);
        }
    }

    private void ParsePoints(ReadOnlySpan<byte> content, int field, MetricPoint common, bool isKnown, ParsedBatch<MetricPoint> batch)
    {
        var reader = new ProtoReader(content);
        while (reader.NextField())
        {
            if (reader.Field != 1)
            {
                reader.Skip();
                continue;
            }
            var start = writer.Output.Length;
            var point = common;
            var isThere = field is 5 or 7 ? points.Number(reader.Bytes(), ref point) : points.Distribution(reader.Bytes(), field, ref point);
            if (!isKnown)
            {
                batch.Reject(1, "too many resources sent telemetry; restart the host, or give fewer instance ids");
            }
            else if (isThere)
            {
                batch.Add(point, start, writer.Output.Length - start);
            }
        }
    }

    private static (bool IsDelta, bool IsMonotonic) Aggregation(ReadOnlySpan<byte> content)
    {
        var (isDelta, isMonotonic) = (false, false);
        var reader = new ProtoReader(content);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 2:
                    isDelta = reader.Varint() == 1;
                    break;
                case 3:
                    isMonotonic = reader.Varint() != 0;
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return (isDelta, isMonotonic);
    }

    private static MetricDescription Describe(ReadOnlySpan<byte> metric, MetricKind kind) => new(Text(metric, 1), Text(metric, 3), Text(metric, 2), kind);

    private static string Text(ReadOnlySpan<byte> metric, int field)
    {
        var utf8 = ProtoReader.Find(metric, field);
        return Encoding.UTF8.GetString(utf8[..Math.Min(utf8.Length, LongestText)]);
    }
}
