using System.Buffers.Binary;

namespace Aspire.Hosting.Offline;

/// <summary>Reads an ExportLogsServiceRequest. Not thread-safe.</summary>
internal sealed class LogParser(RecordWriter writer, ResourceTable resources, ScopeTable scopes)
{
    private const int SeveritiesPerWord = 4;

    /// <summary>Adds the records of the request to the batch; throws when the request is malformed, and the batch is worthless then.</summary>
    internal void Parse(ReadOnlySpan<byte> request, ParsedBatch<LogEntry> batch)
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

    private void ParseResource(ReadOnlySpan<byte> message, ParsedBatch<LogEntry> batch)
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
            var records = new ProtoReader(scoped);
            while (records.NextField())
            {
                if (records.Field == 2)
                {
                    ParseRecord(records.Bytes(), resource, scope, batch);
                }
                else
                {
                    records.Skip();
                }
            }
        }
    }

    private void ParseRecord(ReadOnlySpan<byte> message, int? resource, int scope, ParsedBatch<LogEntry> batch)
    {
        var fields = Fields.Read(message);
        ProtoValue.Check(fields.Body);
        if (resource is not { } known)
        {
            batch.Reject(1, "too many resources sent telemetry; restart the host, or give fewer instance ids");
            return;
        }
        var time = fields.Time != 0 ? fields.Time : fields.Observed;
        var start = writer.Output.Length;
        writer.Value(fields.Body);
        writer.Key(fields.SeverityText);
        writer.Text(fields.EventName);
        writer.Output.ZigZag(fields.Observed == 0 ? 0 : fields.Observed - time);
        var hasException = writer.Attributes(message, field: 6, marker: "exception.type"u8);
        var entry = new LogEntry
        {
            Trace = fields.TraceId.Length == 16 ? BinaryPrimitives.ReadUInt128BigEndian(fields.TraceId) : 0,
            Span = fields.SpanId.Length == 8 ? BinaryPrimitives.ReadUInt64BigEndian(fields.SpanId) : 0,
            Time = time,
            Resource = known,
            Scope = scope,
            Severity = fields.Severity is > 0 and <= 24 ? (LogSeverity)(((fields.Severity - 1) / SeveritiesPerWord) + 1) : LogSeverity.Unspecified,
            HasException = hasException,
        };
        batch.Add(entry, start, writer.Output.Length - start);
    }

    private ref struct Fields
    {
        internal ReadOnlySpan<byte> TraceId;
        internal ReadOnlySpan<byte> SpanId;
        internal ReadOnlySpan<byte> Body;
        internal ReadOnlySpan<byte> SeverityText;
        internal ReadOnlySpan<byte> EventName;
        internal long Time;
        internal long Observed;
        internal int Severity;

        internal static Fields Read(ReadOnlySpan<byte> message)
        {
            var fields = default(Fields);
            var reader = new ProtoReader(message);
            while (reader.NextField())
            {
                switch (reader.Field)
                {
                    case 1:
                        fields.Time = TelemetryTime.FromWire(reader.Fixed64());
                        break;
                    case 2:
                        fields.Severity = (int)reader.Varint();
                        break;
                    case 3:
                        fields.SeverityText = reader.Bytes();
                        break;
                    case 5:
                        fields.Body = reader.Bytes();
                        break;
                    case 9:
                        fields.TraceId = reader.Bytes();
                        break;
                    case 10:
                        fields.SpanId = reader.Bytes();
                        break;
                    case 11:
                        fields.Observed = TelemetryTime.FromWire(reader.Fixed64());
                        break;
                    case 12:
                        fields.EventName = reader.Bytes();
                        break;
                    default:
                        reader.Skip();
                        break;
                }
            }
            return fields;
        }
    }
}
