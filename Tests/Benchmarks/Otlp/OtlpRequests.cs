using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using Aspire.Hosting.Offline;

namespace Stack.Benchmarks.Otlp;

/// <summary>Export requests as a busy service sends them: 512 spans each, ten spans to a trace, seven attributes to a span.</summary>
internal static class OtlpRequests
{
    public const int SpansPerRequest = 512;

    private const int SpansPerTrace = 10;

    public static byte[] Make(int number)
    {
        var scoped = new ByteWriter();
        Write(scoped, 1, Nested(writer => Write(writer, 1, "Microsoft.AspNetCore"u8)));
        for (var span = 0; span < SpansPerRequest; span++)
        {
            Write(scoped, 2, Span((number * SpansPerRequest) + span));
        }

        var resource = Nested(writer =>
        {
            Write(writer, 1, Attribute("service.name", "orchestrator"));
            Write(writer, 1, Attribute("service.instance.id", "orchestrator"));
        });
        return Nested(writer => Write(writer, 1, Nested(all =>
        {
            Write(all, 1, resource);
            Write(all, 2, scoped.Written);
        })));
    }

    private static byte[] Span(int number) => Nested(writer =>
    {
        var trace = new byte[16];
        var id = new byte[8];
        BinaryPrimitives.WriteInt64BigEndian(trace.AsSpan(8), (number / SpansPerTrace) + 1);
        BinaryPrimitives.WriteInt64BigEndian(id, number + 1L);
        Write(writer, 1, trace);
        Write(writer, 2, id);
        if (number % SpansPerTrace > 0)
        {
            BinaryPrimitives.WriteInt64BigEndian(id, number - (number % SpansPerTrace) + 1L);
            Write(writer, 4, id);
        }

        var at = 1_700_000_000_000_000_000UL + ((ulong)number * 1_000_000);
        Write(writer, 5, "GET /api/v1/workflows/{id}"u8);
        Number(writer, 6, 2);
        Fixed(writer, 7, at);
        Fixed(writer, 8, at + 900_000);
        Write(writer, 9, Attribute("http.request.method", "GET"));
        Write(writer, 9, Attribute("http.route", "/api/v1/workflows/{id}"));
        Write(writer, 9, Attribute("url.path", string.Create(CultureInfo.InvariantCulture, $"/api/v1/workflows/019{number:x29}")));
        Write(writer, 9, Attribute("url.scheme", "http"));
        Write(writer, 9, Attribute("server.address", "localhost"));
        Write(writer, 9, Attribute("server.port", 3000));
        Write(writer, 9, Attribute("http.response.status_code", 200));
    });

    private static byte[] Attribute(string key, string value) => Nested(writer =>
    {
        Write(writer, 1, Encoding.UTF8.GetBytes(key));
        Write(writer, 2, Nested(any => Write(any, 1, Encoding.UTF8.GetBytes(value))));
    });

    private static byte[] Attribute(string key, ulong value) => Nested(writer =>
    {
        Write(writer, 1, Encoding.UTF8.GetBytes(key));
        Write(writer, 2, Nested(any => Number(any, 3, value)));
    });

    private static byte[] Nested(Action<ByteWriter> write)
    {
        var writer = new ByteWriter();
        write(writer);
        return writer.Written.ToArray();
    }

    private static void Write(ByteWriter writer, int field, ReadOnlySpan<byte> content)
    {
        writer.Varint((ulong)((field << 3) | 2));
        writer.Varint((ulong)content.Length);
        writer.Bytes(content);
    }

    private static void Number(ByteWriter writer, int field, ulong value)
    {
        writer.Varint((ulong)(field << 3));
        writer.Varint(value);
    }

    private static void Fixed(ByteWriter writer, int field, ulong value)
    {
        writer.Varint((ulong)((field << 3) | 1));
        writer.Fixed64(value);
    }
}
