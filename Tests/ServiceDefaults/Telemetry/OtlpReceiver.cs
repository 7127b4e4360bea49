using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace Stack.Tests.ServiceDefaults.Telemetry;

/// <summary>Takes OTLP over HTTP/protobuf or gRPC and keeps the payloads, readable as Latin-1 text.</summary>
internal sealed class OtlpReceiver : IAsyncDisposable
{
    private readonly WebApplication app;

    private OtlpReceiver(WebApplication app, ConcurrentQueue<(string Path, string ApiKey, string Payload)> received)
    {
        this.app = app;
        Received = received;
    }

    public ConcurrentQueue<(string Path, string ApiKey, string Payload)> Received { get; }

    public string Address => app.Urls.First();

    public string AllOf(string signal) => string.Concat(Received.Where(one => one.Path.Contains(signal, StringComparison.Ordinal)).Select(one => one.Payload));

    public static async Task<OtlpReceiver> StartAsync(bool grpc)
    {
        var received = new ConcurrentQueue<(string, string, string)>();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = grpc ? HttpProtocols.Http2 : HttpProtocols.Http1));
        var app = builder.Build();
        app.MapPost("/{**path}", async (HttpContext context) =>
        {
            using var payload = new MemoryStream();
            await context.Request.Body.CopyToAsync(payload);
            received.Enqueue((context.Request.Path, context.Request.Headers["x-otlp-api-key"].ToString(), Encoding.Latin1.GetString(payload.ToArray())));
            if (grpc)
            {
                context.Response.ContentType = "application/grpc";
                await context.Response.Body.WriteAsync(new byte[5]);
                context.Response.AppendTrailer("grpc-status", "0");
            }
            else
            {
                context.Response.ContentType = "application/x-protobuf";
            }
        });
        await app.StartAsync();
        return new OtlpReceiver(app, received);
    }

    public ValueTask DisposeAsync() => app.DisposeAsync();
}
