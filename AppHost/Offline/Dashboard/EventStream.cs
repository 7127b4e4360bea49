using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Aspire.Hosting.Offline;

/// <summary>Server-sent events to one browser. Not thread-safe.</summary>
internal sealed class EventStream
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(10);

    private readonly HttpContext context;
    private readonly TimeProvider time;
    private long lastWrite;

    private EventStream(HttpContext context, TimeProvider time)
    {
        this.context = context;
        this.time = time;
        lastWrite = time.GetTimestamp();
    }

    internal static async Task<EventStream> StartAsync(HttpContext context, TimeProvider time)
    {
        context.Response.ContentType = "text/event-stream";
        context.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await context.Response.Body.FlushAsync(context.RequestAborted);
        return new EventStream(context, time);
    }

    internal async Task SendAsync<T>(string name, T content)
    {
        // JSON has no line breaks of its own, so one line of content is enough.
        await WriteAsync($"event: {name}\ndata: {JsonSerializer.Serialize(content, ControlAnswer.Json)}\n\n");
    }

    /// <summary>Says that the host is still there, when nothing else was said for a while.</summary>
    internal Task KeepAliveAsync() => time.GetElapsedTime(lastWrite) < Silence ? Task.CompletedTask : WriteAsync(": still here\n\n");

    private async Task WriteAsync(string text)
    {
        await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(text), context.RequestAborted);
        await context.Response.Body.FlushAsync(context.RequestAborted);
        lastWrite = time.GetTimestamp();
    }
}
