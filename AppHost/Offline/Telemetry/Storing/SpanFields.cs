namespace Aspire.Hosting.Offline;

/// <summary>The single fields of a span's message.</summary>
internal ref struct SpanFields
{
    internal ReadOnlySpan<byte> TraceId;
    internal ReadOnlySpan<byte> SpanId;
    internal ReadOnlySpan<byte> ParentId;
    internal ReadOnlySpan<byte> TraceState;
    internal ReadOnlySpan<byte> Name;
    internal ReadOnlySpan<byte> Status;
    internal long Start;
    internal long End;
    internal int Kind;

    internal static SpanFields Read(ReadOnlySpan<byte> message)
    {
        var fields = default(SpanFields);
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 1:
                    fields.TraceId = reader.Bytes();
                    break;
                case 2:
                    fields.SpanId = reader.Bytes();
                    break;
                case 3:
                    fields.TraceState = reader.Bytes();
                    break;
                case 4:
                    fields.ParentId = reader.Bytes();
                    break;
                case 5:
                    fields.Name = reader.Bytes();
                    break;
                case 6:
                    fields.Kind = (int)reader.Varint();
                    break;
                case 7:
                    fields.Start = TelemetryTime.FromWire(reader.Fixed64());
                    break;
                case 8:
                    fields.End = TelemetryTime.FromWire(reader.Fixed64());
                    break;
                case 15:
                    fields.Status = reader.Bytes();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        return fields;
    }
}
