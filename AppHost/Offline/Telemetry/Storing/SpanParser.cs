using System.Buffers.Binary;

namespace Aspire.Hosting.Offline;

/// <summary>Reads an ExportTraceServiceRequest. Not thread-safe.</summary>
internal sealed class SpanParser(RecordWriter writer, ResourceTable resources, ScopeTable scopes)
{
    private const int TraceIdLength = 16;
    private const int SpanIdLength = 8;
    private const int MostParts = 128;

    /// <summary>Adds the spans of the request to the batch; throws when the request is malformed, and the batch is worthless then.</summary>
    internal void Parse(ReadOnlySpan<byte> request, ParsedBatch<SpanEntry> batch)
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

    private void ParseResource(ReadOnlySpan<byte> message, ParsedBatch<SpanEntry> batch)
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
            var spans = new ProtoReader(scoped);
            while (spans.NextField())
            {
                if (spans.Field == 2)
                {
                    ParseSpan(spans.Bytes(), resource, scope, batch);
                }
                else
                {
                    spans.Skip();
                }
            }
        }
    }

    private void ParseSpan(ReadOnlySpan<byte> message, int? resource, int scope, ParsedBatch<SpanEntry> batch)
    {
        var fields = SpanFields.Read(message);
        if (resource is not { } known)
        {
            batch.Reject(1, "too many resources sent telemetry; restart the host, or give fewer instance ids");
            return;
        }
        if (fields.TraceId.Length != TraceIdLength || fields.SpanId.Length != SpanIdLength || fields.TraceId.IndexOfAnyExcept((byte)0) < 0 || fields.SpanId.IndexOfAnyExcept((byte)0) < 0)
        {
            batch.Reject(1, "a span without a valid trace id and span id");
            return;
        }
        var start = writer.Output.Length;
        writer.Key(fields.Name);
        writer.Text(fields.TraceState);
        writer.Text(ProtoReader.Find(fields.Status, 2));
        writer.Attributes(message, field: 9);
        WriteEvents(message, fields.Start);
        WriteLinks(message);
        var entry = new SpanEntry
        {
            Trace = BinaryPrimitives.ReadUInt128BigEndian(fields.TraceId),
            Id = BinaryPrimitives.ReadUInt64BigEndian(fields.SpanId),
            Parent = fields.ParentId.Length == SpanIdLength ? BinaryPrimitives.ReadUInt64BigEndian(fields.ParentId) : 0,
            Start = fields.Start,
            End = Math.Max(fields.Start, fields.End),
            Resource = known,
            Scope = scope,
            Kind = fields.Kind is >= 0 and <= (int)SpanKind.Consumer ? (SpanKind)fields.Kind : SpanKind.Unspecified,
            Status = StatusOf(fields.Status),
        };
        batch.Add(entry, start, writer.Output.Length - start);
    }

    private static SpanStatus StatusOf(ReadOnlySpan<byte> status)
    {
        var code = SpanStatus.Unset;
        var reader = new ProtoReader(status);
        while (reader.NextField())
        {
            if (reader.Field == 3)
            {
                code = reader.Varint() switch { 1 => SpanStatus.Ok, 2 => SpanStatus.Error, _ => SpanStatus.Unset };
            }
            else
            {
                reader.Skip();
            }
        }
        return code;
    }

    // Each: name, nanoseconds after the span's start, attributes.
    private void WriteEvents(ReadOnlySpan<byte> span, long start)
    {
        writer.Output.Varint((ulong)Count(span, 11));
        var left = MostParts;
        var reader = new ProtoReader(span);
        while (reader.NextField())
        {
            if (reader.Field != 11 || left == 0)
            {
                reader.Skip();
                continue;
            }
            left--;
            var message = reader.Bytes();
            long at = 0;
            var fields = new ProtoReader(message);
            while (fields.NextField())
            {
                if (fields.Field == 1)
                {
                    at = TelemetryTime.FromWire(fields.Fixed64());
                }
                else
                {
                    fields.Skip();
                }
            }
            writer.Key(ProtoReader.Find(message, 2));
            writer.Output.ZigZag(at - start);
            writer.Attributes(message, field: 3);
        }
    }

    // Each: trace id, span id, attributes.
    private void WriteLinks(ReadOnlySpan<byte> span)
    {
        writer.Output.Varint((ulong)Count(span, 13));
        var left = MostParts;
        var reader = new ProtoReader(span);
        while (reader.NextField())
        {
            if (reader.Field != 13 || left == 0)
            {
                reader.Skip();
                continue;
            }
            left--;
            var message = reader.Bytes();
            var trace = ProtoReader.Find(message, 1);
            var id = ProtoReader.Find(message, 2);
            var linked = trace.Length == TraceIdLength ? BinaryPrimitives.ReadUInt128BigEndian(trace) : 0;
            writer.Output.Fixed64((ulong)(linked >> 64));
            writer.Output.Fixed64((ulong)linked);
            writer.Output.Fixed64(id.Length == SpanIdLength ? BinaryPrimitives.ReadUInt64BigEndian(id) : 0);
            writer.Attributes(message, field: 4);
        }
    }

    private static int Count(ReadOnlySpan<byte> message, int field)
    {
        var count = 0;
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            count += reader.Field == field ? 1 : 0;
            reader.Skip();
        }
        return Math.Min(count, MostParts);
    }
}
