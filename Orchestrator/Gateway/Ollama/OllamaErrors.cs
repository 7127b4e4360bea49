using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.Ollama;

/// <summary>Failures in Ollama's shape: <c>{"error": TEXT}</c>; its clients show the text.</summary>
internal static class OllamaErrors
{
    public static IResult Of(ModelFailure failure) => new Result(failure.Status, failure.Message, failure.RetryAfter);

    public static IResult Refuse(int status, string message) => new Result(status, message, null);

    /// <summary>A line of a stream that ends it.</summary>
    public static JsonObject Line(ModelFailure failure) => new() { ["error"] = failure.Message, ["code"] = failure.Code };

    /// <summary>Writes an error that was found before a handler, for example a missing key.</summary>
    public static Task WriteAsync(HttpContext context, int status, string message) => Refuse(status, message).ExecuteAsync(context);

    /// <summary>Reads a request.</summary>
    public static async Task<(T? Request, IResult? Refusal)> ReadAsync<T>(HttpRequest request, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var read = await JsonSerializer.DeserializeAsync<T>(request.Body, StackJson.Options, cancellationToken);
            return (read, read is null ? Refuse(StatusCodes.Status400BadRequest, "missing request body: it is 'null'") : null);
        }
        catch (JsonException exception)
        {
            return (null, Refuse(StatusCodes.Status400BadRequest, $"The body is not a request: its JSON is wrong at '{exception.Path ?? "$"}', line {exception.LineNumber + 1}."));
        }
    }

    private sealed record Result(int Status, string Message, TimeSpan? RetryAfter) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = Status;
            if (RetryAfter is { } wait)
            {
                httpContext.Response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            }

            return httpContext.Response.WriteAsJsonAsync(new JsonObject { ["error"] = Message }, httpContext.RequestAborted);
        }
    }
}
