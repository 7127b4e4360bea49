using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry.Receiving;

public sealed class HttpReceiverTests
{
    private static readonly byte[] OneLog = OtlpMessage.Logs("service", OtlpMessage.Log("hello"));

    [Fact]
    public async Task Post_PlainAndPacked_IsKept()
    {
        await using var host = await TelemetryHost.StartAsync();
        using var packed = new MemoryStream();
        using (var stream = new GZipStream(packed, CompressionLevel.Fastest))
        {
            stream.Write(OneLog);
        }

        Assert.Equal(HttpStatusCode.OK, (await PostAsync(host, OneLog)).Status);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(host, packed.ToArray(), encoding: "gzip")).Status);

        Assert.Equal(2, (await host.ListAsync("logs", "logs")).Length);
    }

    [Fact]
    public async Task Post_ThatCannotBeTaken_IsRefusedWithAReason()
    {
        await using var host = await TelemetryHost.StartAsync(new TelemetryOptions { LargestRequestBytes = 10_000 });

        await AssertRefusedAsync(HttpStatusCode.Unauthorized, "x-otlp-api-key", PostAsync(host, OneLog, key: "another"));
        await AssertRefusedAsync(HttpStatusCode.UnsupportedMediaType, "application/x-protobuf", PostAsync(host, "{}"u8.ToArray(), type: "application/json"));
        await AssertRefusedAsync(HttpStatusCode.UnsupportedMediaType, "gzip", PostAsync(host, OneLog, encoding: "br"));
        await AssertRefusedAsync(HttpStatusCode.BadRequest, "well-formed", PostAsync(host, OneLog[..^1]));
        await AssertRefusedAsync(HttpStatusCode.BadRequest, "gzip", PostAsync(host, OneLog, encoding: "gzip"));
        await AssertRefusedAsync(HttpStatusCode.RequestEntityTooLarge, "smaller batches", PostAsync(host, new byte[20_000]));
        Assert.Empty(await host.ListAsync("logs", "logs"));
    }

    private static async Task AssertRefusedAsync(HttpStatusCode expected, string words, Task<(HttpStatusCode Status, byte[] Body)> posting)
    {
        var (status, body) = await posting;
        Assert.Equal(expected, status);
        Assert.Contains(words, Encoding.UTF8.GetString(ProtoReader.Find(body, 2)), StringComparison.Ordinal);
    }

    private static async Task<(HttpStatusCode Status, byte[] Body)> PostAsync(TelemetryHost host, byte[] content, string key = TelemetryHost.Key, string type = "application/x-protobuf", string? encoding = null)
    {
        using var client = new HttpClient();
        using var body = new ByteArrayContent(content) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
        if (encoding is not null)
        {
            body.Headers.ContentEncoding.Add(encoding);
        }
        client.DefaultRequestHeaders.Add("x-otlp-api-key", key);
        using var answer = await client.PostAsync(new Uri(host.Receivers.Http!, "/v1/logs"), body);
        Assert.Equal("application/x-protobuf", answer.Content.Headers.ContentType!.MediaType);
        return (answer.StatusCode, await answer.Content.ReadAsByteArrayAsync());
    }
}
