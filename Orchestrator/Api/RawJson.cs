using Stack.Contracts;

namespace Stack.Orchestrator.Api;

/// <summary>Answers with a JSON value as it is stored.</summary>
/// <param name="payload">The value.</param>
internal sealed class RawJson(JsonPayload payload) : IResult
{
    public Task ExecuteAsync(HttpContext httpContext)
    {
        httpContext.Response.ContentType = "application/json";
        httpContext.Response.ContentLength = payload.SizeBytes;
        return httpContext.Response.Body.WriteAsync(payload.Utf8, httpContext.RequestAborted).AsTask();
    }
}
