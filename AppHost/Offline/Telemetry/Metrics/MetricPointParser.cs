using System.Buffers.Binary;

namespace Aspire.Hosting.Offline;

/// <summary>Reads a data point: its numbers into the point, its attributes into the writer. Not thread-safe.</summary>
internal sealed class MetricPointParser(RecordWriter writer)
{
    private const int MostBuckets = 512;
    private const ulong NoValue = 1;

    /// <summary>A point of a gauge or a sum. False when it says that there is no value.</summary>
    internal bool Number(ReadOnlySpan<byte> message, ref MetricPoint point)
    {
        var (value, flags) = (0d, 0UL);
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 3:
                    point.Time = TelemetryTime.FromWire(reader.Fixed64());
                    break;
                case 4:
                    value = reader.Double();
                    break;
                case 5:
                    AddExemplar(reader.Bytes(), ref point);
                    break;
                case 6:
                    value = (long)reader.Fixed64();
                    break;
                case 8:
                    flags = reader.Varint();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        (point.Numbers, point.Bounds) = ([value], []);
        point.IsOverflow = writer.Attributes(message, field: 7, isIdentity: true, marker: "otel.metric.overflow"u8);
        return (flags & NoValue) == 0 && double.IsFinite(value);
    }

    /// <summary>A point of a histogram (the metric's field 9), an exponential one (10) or a summary (11).</summary>
    internal bool Distribution(ReadOnlySpan<byte> message, int field, ref MetricPoint point)
    {
        var (count, sum, min, max) = (0d, 0d, double.NaN, double.NaN);
        ReadOnlySpan<byte> buckets = default;
        ReadOnlySpan<byte> bounds = default;
        var (minField, maxField, exemplarField) = field switch { 9 => (11, 12, 8), 10 => (12, 13, 11), _ => (-1, -1, -1) };
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 3:
                    point.Time = TelemetryTime.FromWire(reader.Fixed64());
                    break;
                case 4:
                    count = reader.Fixed64();
                    break;
                case 5:
                    sum = reader.Double();
                    break;
                case 6 when field == 9:
                    buckets = reader.Bytes();
                    break;
                case 7 when field == 9:
                    bounds = reader.Bytes();
                    break;
                case var other when other == exemplarField:
                    AddExemplar(reader.Bytes(), ref point);
                    break;
                case var other when other == minField:
                    min = reader.Double();
                    break;
                case var other when other == maxField:
                    max = reader.Double();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        SetNumbers(ref point, [count, double.IsFinite(sum) ? sum : 0, min, max], buckets, bounds);
        point.IsOverflow = writer.Attributes(message, field == 10 ? 1 : field == 9 ? 9 : 7, isIdentity: true, marker: "otel.metric.overflow"u8);
        return true;
    }

    private static void SetNumbers(ref MetricPoint point, ReadOnlySpan<double> head, ReadOnlySpan<byte> buckets, ReadOnlySpan<byte> bounds)
    {
        const int size = sizeof(ulong);
        if (buckets.Length % size != 0 || bounds.Length % size != 0)
        {
            throw new MalformedTelemetryException("the buckets of a histogram are cut off");
        }
        // One bucket more than bounds, or none of both; anything else is a histogram without usable buckets.
        var isUsable = buckets.Length == bounds.Length + size && buckets.Length / size <= MostBuckets;
        var numbers = new double[head.Length + (isUsable ? buckets.Length / size : 0)];
        head.CopyTo(numbers);
        for (var index = 0; index < numbers.Length - head.Length; index++)
        {
            numbers[head.Length + index] = BinaryPrimitives.ReadUInt64LittleEndian(buckets[(index * size)..]);
        }
        var limits = new double[isUsable ? bounds.Length / size : 0];
        for (var index = 0; index < limits.Length; index++)
        {
            limits[index] = BinaryPrimitives.ReadDoubleLittleEndian(bounds[(index * size)..]);
        }
        (point.Numbers, point.Bounds) = (numbers, limits);
    }

    private static void AddExemplar(ReadOnlySpan<byte> message, ref MetricPoint point)
    {
        var (time, value) = (0L, 0d);
        var reader = new ProtoReader(message);
        while (reader.NextField())
        {
            switch (reader.Field)
            {
                case 2:
                    time = TelemetryTime.FromWire(reader.Fixed64());
                    break;
                case 3:
                    value = reader.Double();
                    break;
                case 6:
                    value = (long)reader.Fixed64();
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }
        var span = ProtoReader.Find(message, 4);
        var trace = ProtoReader.Find(message, 5);
        if (span.Length == 8 && trace.Length == 16)
        {
            (point.Exemplars ??= []).Add(new Exemplar(time, value, BinaryPrimitives.ReadUInt128BigEndian(trace), BinaryPrimitives.ReadUInt64BigEndian(span)));
        }
    }
}
