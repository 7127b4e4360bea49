using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;

namespace Aspire.Hosting.Offline;

/// <summary>Server-sent events: a name, data in JSON, perhaps an id; a comment when there was nothing to say for a while, so that nobody takes the connection for dead.</summary>
internal sealed class TelemetryStream(HttpContext context)
{
    internal static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    internal async Task BeginAsync()
    {
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache, no-store";
        await context.Response.StartAsync(context.RequestAborted);
    }

    internal void Write<T>(string name, T value, long? id)
    {
        var head = id is { } number ? string.Create(CultureInfo.InvariantCulture, $"id: {number}\nevent: {name}\ndata: ") : $"event: {name}\ndata: ";
        Append(Encoding.UTF8.GetBytes(head));
        Append(JsonSerializer.SerializeToUtf8Bytes(value, ControlAnswer.Json));
        Append("\n\n"u8);
    }

    internal void WriteComment() => Append(": still here\n\n"u8);

    internal async Task FlushAsync() => await context.Response.BodyWriter.FlushAsync(context.RequestAborted);

    private void Append(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(context.Response.BodyWriter.GetSpan(bytes.Length));
        context.Response.BodyWriter.Advance(bytes.Length);
    }
}
