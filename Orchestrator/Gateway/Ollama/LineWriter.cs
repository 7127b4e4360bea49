using System.Text.Json;

namespace Stack.Orchestrator.Gateway.Ollama;

/// <summary>Writes one JSON value a line, each at once.</summary>
internal sealed class LineWriter
{
    private readonly HttpContext _context;

    public LineWriter(HttpContext context)
    {
        _context = context;
        context.Response.ContentType = "application/x-ndjson";
        context.Response.Headers.CacheControl = "no-cache";
    }

    /// <summary>Writes a line.</summary>
    /// <param name="value">Its value.</param>
    public async Task WriteAsync<T>(T value)
    {
        await _context.Response.WriteAsync(JsonSerializer.Serialize(value) + "\n", _context.RequestAborted);
        await _context.Response.Body.FlushAsync(_context.RequestAborted);
    }
}
