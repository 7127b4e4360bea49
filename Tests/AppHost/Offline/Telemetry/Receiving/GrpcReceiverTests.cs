using System.Buffers.Binary;
using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry.Receiving;

public sealed class GrpcReceiverTests
{
    private static readonly byte[] OneSpan = OtlpMessage.Traces("service", OtlpMessage.Span(1, 1, "work"));

    [Fact]
    public async Task Call_WellFormed_IsAnsweredInTheTrailers()
    {
        await using var host = await TelemetryHost.StartAsync();

        var (status, _, message) = await CallAsync(host, OneSpan);

        Assert.Equal(0, status);
        Assert.Equal(new byte[5], message);
        Assert.Single(await host.ListAsync("traces", "traces"));
    }

    [Fact]
    public async Task Call_Packed_IsUnpacked()
    {
        await using var host = await TelemetryHost.StartAsync();

        Assert.Equal(0, (await CallAsync(host, Pack(OneSpan), isPacked: 1, encoding: "gzip")).Status);
        Assert.Equal((int)GrpcStatus.Unimplemented, (await CallAsync(host, OneSpan, isPacked: 1, encoding: "snappy")).Status);
        Assert.Equal((int)GrpcStatus.Internal, (await CallAsync(host, OneSpan, isPacked: 1)).Status);
        Assert.Equal((int)GrpcStatus.InvalidArgument, (await CallAsync(host, OneSpan, isPacked: 1, encoding: "gzip")).Status);
        Assert.Single(await host.ListAsync("traces", "traces"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("another")]
    public async Task Call_WithoutTheKey_IsUnauthenticated(string? key)
    {
        await using var host = await TelemetryHost.StartAsync();

        var (status, reason, _) = await CallAsync(host, OneSpan, key: key);

        Assert.Equal((int)GrpcStatus.Unauthenticated, status);
        Assert.Contains("x-otlp-api-key", reason, StringComparison.Ordinal);
        Assert.Empty(await host.ListAsync("traces", "traces"));
    }

    [Fact]
    public async Task Call_OfGarbage_IsRefusedAndNothingIsKept()
    {
        await using var host = await TelemetryHost.StartAsync();
        byte[] half = OtlpMessage.Traces("service", OtlpMessage.Span(1, 1, "whole"), OtlpMessage.Span(1, 2, "half"));

        Assert.Equal((int)GrpcStatus.InvalidArgument, (await CallAsync(host, half[..^3])).Status);
        Assert.Equal((int)GrpcStatus.Internal, (await CallAsync(host, OneSpan, length: OneSpan.Length + 1)).Status);
        Assert.Equal((int)GrpcStatus.Internal, (await CallAsync(host, OneSpan, isPacked: 9)).Status);
        Assert.Equal((int)GrpcStatus.Unimplemented, (await CallAsync(host, OneSpan, path: "/opentelemetry.proto.collector.profiles.v1.ProfilesService/Export")).Status);

        Assert.Empty(await host.ListAsync("traces", "traces"));
        Assert.Equal(3, (await host.GetAsync("status")).GetProperty("rejected_requests").GetInt32());
    }

    [Fact]
    public async Task Call_TooLarge_IsRefusedAsSentAndAsUnpacked()
    {
        await using var host = await TelemetryHost.StartAsync(new TelemetryOptions { LargestRequestBytes = 10_000 });

        Assert.Equal((int)GrpcStatus.ResourceExhausted, (await CallAsync(host, new byte[20_000])).Status);
        Assert.Equal((int)GrpcStatus.ResourceExhausted, (await CallAsync(host, Pack(new byte[5_000_000]), isPacked: 1, encoding: "gzip")).Status);
    }

    [Fact]
    public async Task Call_WithSomeInvalidSpans_TellsHowMany()
    {
        await using var host = await TelemetryHost.StartAsync();

        var (status, _, message) = await CallAsync(host, OtlpMessage.Traces("service", OtlpMessage.Span(1, 1, "good"), OtlpMessage.Span(0, 2, "without trace")));

        Assert.Equal(0, status);
        var partial = ProtoReader.Find(message.AsSpan(5), 1).ToArray();
        Assert.Equal("a span without a valid trace id and span id", System.Text.Encoding.UTF8.GetString(ProtoReader.Find(partial, 2)));
        Assert.Single(await host.ListAsync("traces", "traces"));
    }

    private static async Task<(int Status, string Reason, byte[] Message)> CallAsync(
        TelemetryHost host, byte[] content, byte isPacked = 0, string? encoding = null, string? key = TelemetryHost.Key, int? length = null, string path = "/opentelemetry.proto.collector.trace.v1.TraceService/Export")
    {
        var framed = new byte[5 + content.Length];
        framed[0] = isPacked;
        BinaryPrimitives.WriteInt32BigEndian(framed.AsSpan(1), length ?? content.Length);
        content.CopyTo(framed, 5);
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(host.Receivers.Grpc!, path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(framed) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        };
        request.Headers.TryAddWithoutValidation("te", "trailers");
        if (encoding is not null)
        {
            request.Headers.TryAddWithoutValidation("grpc-encoding", encoding);
        }
        if (key is not null)
        {
            request.Headers.TryAddWithoutValidation("x-otlp-api-key", key);
        }
        using var answer = await client.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        var message = await answer.Content.ReadAsByteArrayAsync();
        var status = answer.TrailingHeaders.Contains("grpc-status") ? answer.TrailingHeaders : answer.Headers;
        return (int.Parse(status.GetValues("grpc-status").Single()), status.TryGetValues("grpc-message", out var reason) ? Uri.UnescapeDataString(reason.Single()) : "", message);
    }

    private static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(content);
        }
        return packed.ToArray();
    }
}
