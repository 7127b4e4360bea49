using System.Buffers.Binary;
using System.Text;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry;

/// <summary>Writes OTLP messages field by field.</summary>
internal sealed class OtlpMessage
{
    private readonly ByteWriter writer = new();

    public byte[] Bytes => writer.Written.ToArray();

    /// <summary>A request for spans of one resource.</summary>
    public static byte[] Traces(string resource, params OtlpMessage[] spans) => Request(resource, "test.scope", spans);

    public static byte[] Logs(string resource, params OtlpMessage[] records) => Request(resource, "Test.Category", records);

    public static byte[] Metrics(string resource, params OtlpMessage[] metrics) => Request(resource, "test.meter", metrics);

    public static OtlpMessage Span(UInt128 trace, ulong id, string name, ulong parent = 0, long start = 1_000_000_000, long end = 2_000_000_000, int kind = 1, int status = 0)
    {
        var message = new OtlpMessage().Bytes16(1, trace).Bytes8(2, id);
        return (parent == 0 ? message : message.Bytes8(4, parent)).Text(5, name).Varint(6, (ulong)kind).Fixed64(7, (ulong)start).Fixed64(8, (ulong)end).Message(15, new OtlpMessage().Varint(3, (ulong)status));
    }

    public static OtlpMessage Log(string message, int severity = 9, long time = 1_000_000_000, UInt128 trace = default, ulong span = 0)
    {
        var record = new OtlpMessage().Fixed64(1, (ulong)time).Varint(2, (ulong)severity).Message(5, new OtlpMessage().Text(1, message));
        return trace == 0 ? record : record.Bytes16(9, trace).Bytes8(10, span);
    }

    public static OtlpMessage Counter(string name, long time, double value, params OtlpMessage[] attributes) =>
        new OtlpMessage().Text(1, name).Text(3, "{request}").Message(7, new OtlpMessage().Message(1, Point(time, value, attributes)).Varint(2, 2).Varint(3, 1));

    public static OtlpMessage Gauge(string name, long time, double value, params OtlpMessage[] attributes) =>
        new OtlpMessage().Text(1, name).Message(5, new OtlpMessage().Message(1, Point(time, value, attributes)));

    public static OtlpMessage Histogram(string name, long time, double sum, ulong[] buckets, double[] bounds)
    {
        var point = new OtlpMessage().Fixed64(3, (ulong)time).Fixed64(4, buckets.Aggregate((all, one) => all + one)).Fixed64(5, BitConverter.DoubleToUInt64Bits(sum))
            .Packed(6, buckets).Packed(7, [.. bounds.Select(BitConverter.DoubleToUInt64Bits)]);
        return new OtlpMessage().Text(1, name).Text(3, "s").Message(9, new OtlpMessage().Message(1, point).Varint(2, 2));
    }

    public static OtlpMessage Attribute(string key, string value) => new OtlpMessage().Text(1, key).Message(2, new OtlpMessage().Text(1, value));

    public OtlpMessage With(int field, params OtlpMessage[] attributes)
    {
        foreach (var attribute in attributes)
        {
            Message(field, attribute);
        }
        return this;
    }

    public OtlpMessage Varint(int field, ulong value)
    {
        Tag(field, 0);
        writer.Varint(value);
        return this;
    }

    public OtlpMessage Fixed64(int field, ulong value)
    {
        Tag(field, 1);
        writer.Fixed64(value);
        return this;
    }

    public OtlpMessage Text(int field, string text) => Raw(field, Encoding.UTF8.GetBytes(text));

    public OtlpMessage Message(int field, OtlpMessage message) => Raw(field, message.Bytes);

    public OtlpMessage Bytes8(int field, ulong value)
    {
        var bytes = new byte[8];
        BinaryPrimitives.WriteUInt64BigEndian(bytes, value);
        return Raw(field, bytes);
    }

    public OtlpMessage Bytes16(int field, UInt128 value)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, value);
        return Raw(field, bytes);
    }

    public OtlpMessage Raw(int field, byte[] bytes)
    {
        Tag(field, 2);
        writer.Varint((ulong)bytes.Length);
        writer.Bytes(bytes);
        return this;
    }

    private static byte[] Request(string resource, string scope, OtlpMessage[] records)
    {
        var scoped = new OtlpMessage().Message(1, new OtlpMessage().Text(1, scope)).With(2, records);
        var described = new OtlpMessage().Message(1, Attribute("service.name", resource)).Message(1, Attribute("service.instance.id", $"{resource}-1"));
        return new OtlpMessage().Message(1, new OtlpMessage().Message(1, described).Message(2, scoped)).Bytes;
    }

    private static OtlpMessage Point(long time, double value, OtlpMessage[] attributes) => new OtlpMessage().Fixed64(3, (ulong)time).Fixed64(4, BitConverter.DoubleToUInt64Bits(value)).With(7, attributes);

    private OtlpMessage Packed(int field, ulong[] numbers)
    {
        var packed = new ByteWriter();
        foreach (var number in numbers)
        {
            packed.Fixed64(number);
        }
        return Raw(field, packed.Written.ToArray());
    }

    private void Tag(int field, int wireType) => writer.Varint((ulong)((field << 3) | wireType));
}
