using System.Globalization;
using System.Text.Json;
using Stack.Contracts;
using Stack.Orchestrator.Gateway.Conversations;

namespace Stack.Orchestrator.Gateway.OpenAi;

/// <summary>Failures in OpenAI's shape, with the headers that its clients obey.</summary>
internal static class OpenAiErrors
{
    /// <summary>The request is at fault.</summary>
    public static IResult Refuse(int status, string message, string? parameter = null, string? code = null) => new Result(status, BodyOf(status, message, parameter, code), null, MayRetry: false);

    /// <summary>A model did not answer.</summary>
    public static IResult Of(ModelFailure failure) =>
        new Result(failure.Status, BodyOf(failure), failure.RetryAfter, MayRetry: failure.Kind is FailureKind.Throttled or FailureKind.Resting || failure.IsFault);

    /// <summary>The body for a failure.</summary>
    public static OpenAiError BodyOf(ModelFailure failure) =>
        BodyOf(failure.Status, failure.Message, failure.Parameter, failure.Kind is FailureKind.Refused ? null : failure.Code);

    /// <summary>Reads a request.</summary>
    /// <returns>The request, or what is wrong with it.</returns>
    public static async Task<(T? Request, IResult? Refusal)> ReadAsync<T>(HttpRequest request, string what, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            var read = await JsonSerializer.DeserializeAsync<T>(request.Body, StackJson.Options, cancellationToken);
            return (read, read is null ? Refuse(StatusCodes.Status400BadRequest, $"The body is 'null'. Send {what}.") : null);
        }
        catch (JsonException exception)
        {
            return (null, Refuse(StatusCodes.Status400BadRequest, $"The body is not {what}: its JSON is wrong at '{exception.Path ?? "$"}', line {exception.LineNumber + 1}."));
        }
    }

    private static OpenAiError BodyOf(int status, string message, string? parameter, string? code) => new(new OpenAiErrorBody(
        message,
        status switch
        {
            _ when code is "budget_exhausted" => "insufficient_quota",
            StatusCodes.Status401Unauthorized => "authentication_error",
            StatusCodes.Status403Forbidden => "permission_error",
            StatusCodes.Status429TooManyRequests => "rate_limit_error",
            >= 500 => "api_error",
            _ => "invalid_request_error",
        },
        parameter,
        code));

    /// <summary>Writes an error that was found before a handler, for example a missing key.</summary>
    public static Task WriteAsync(HttpContext context, int status, string message) => Refuse(status, message, null, status is StatusCodes.Status401Unauthorized ? "invalid_api_key" : null).ExecuteAsync(context);

    private sealed record Result(int Status, OpenAiError Body, TimeSpan? RetryAfter, bool MayRetry) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            var response = httpContext.Response;
            response.StatusCode = Status;
            if (!MayRetry)
            {
                // Its clients repeat 409, 429 and every 5xx on their own, and a budget does not grow by that.
                response.Headers["x-should-retry"] = "false";
            }

            if (RetryAfter is { } wait)
            {
                response.Headers.RetryAfter = Math.Max(1, (long)Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);
            }

            return response.WriteAsJsonAsync(Body, StackJson.Options, httpContext.RequestAborted);
        }
    }
}
