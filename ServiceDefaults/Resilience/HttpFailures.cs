using System.Net;
using Polly;
using Polly.Timeout;

namespace Stack.ServiceDefaults.Resilience;

/// <summary>Which outcomes of an attempt are worth another one.</summary>
internal static class HttpFailures
{
    /// <summary>The server or the way to it failed, and may not the next time.</summary>
    internal static bool IsTransient(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Exception: HttpRequestException or TimeoutRejectedException } => true,
        { Result.StatusCode: var status } => (int)status >= 500 || status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests,
        _ => false,
    };

    /// <summary>A server that throttles is alive: the breaker leaves it alone, and so it does what is not implemented there.</summary>
    internal static bool CountsAgainstHost(Outcome<HttpResponseMessage> outcome)
        => IsTransient(outcome) && outcome.Result?.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.NotImplemented);

    /// <summary>The pause that the server asked for, or null.</summary>
    internal static TimeSpan? RetryAfter(HttpResponseMessage? response, TimeProvider time)
    {
        var pause = response?.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return pause < TimeSpan.Zero ? TimeSpan.Zero : pause;
    }
}
