namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>Writes server-sent events, each at once.</summary>
internal sealed class EventWriter
{
    private readonly HttpContext _context;

    public EventWriter(HttpContext context)
    {
        _context = context;
        context.Response.ContentType = "text/event-stream";
        context.Response.Headers.CacheControl = "no-cache";
    }

    /// <summary>Writes an event.</summary>
    /// <param name="data">One line.</param>
    /// <param name="name">Its name. Null: none.</param>
    public async Task WriteAsync(string data, string? name = null)
    {
        await _context.Response.WriteAsync(name is null ? $"data: {data}\n\n" : $"event: {name}\ndata: {data}\n\n", _context.RequestAborted);
        await _context.Response.Body.FlushAsync(_context.RequestAborted);
    }
}
