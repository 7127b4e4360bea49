namespace Stack.ServiceDefaults.Resilience;

/// <summary>What a single request asks of the resilience around it. Call before sending; the request keeps it for all its attempts.</summary>
public static class HttpRequestResilience
{
    private static readonly HttpRequestOptionsKey<bool> OptedOut = new("Stack.Resilience.OptedOut");
    private static readonly HttpRequestOptionsKey<bool> Repeatable = new("Stack.Resilience.Repeatable");
    private static readonly HttpRequestOptionsKey<TimeSpan> OwnTimeout = new("Stack.Resilience.Timeout");

    /// <summary>Sends the request once, without timeout, retry and breaker; the caller's token alone ends it.</summary>
    public static HttpRequestMessage WithoutResilience(this HttpRequestMessage request)
    {
        request.Options.Set(OptedOut, true);
        return request;
    }

    /// <summary>
    /// Gives one attempt and the whole request this time until the answer's headers are there: for a long poll, a stream of events, a model call.
    /// <see cref="Timeout.InfiniteTimeSpan"/> means no limit.
    /// </summary>
    public static HttpRequestMessage WithTimeout(this HttpRequestMessage request, TimeSpan timeout)
    {
        if (timeout <= TimeSpan.Zero && timeout != Timeout.InfiniteTimeSpan)
        {
            throw new ArgumentOutOfRangeException(nameof(timeout), timeout, "Give a duration above zero, or Timeout.InfiniteTimeSpan.");
        }

        request.Options.Set(OwnTimeout, timeout);
        return request;
    }

    /// <summary>States that the server treats a repetition of this request as the same request, although its method does not say so.</summary>
    public static HttpRequestMessage AllowRetries(this HttpRequestMessage request)
    {
        request.Options.Set(Repeatable, true);
        return request;
    }

    internal static bool IsOptedOut(this HttpRequestMessage request) => request.Options.TryGetValue(OptedOut, out var value) && value;

    internal static TimeSpan? TimeoutOrNull(this HttpRequestMessage request) => request.Options.TryGetValue(OwnTimeout, out var value) ? value : null;

    /// <summary>Whether a second sending has no second effect, and the body can be written again.</summary>
    internal static bool MayBeRepeated(this HttpRequestMessage request)
        => (IsIdempotent(request.Method) || request.Headers.Contains("Idempotency-Key") || (request.Options.TryGetValue(Repeatable, out var value) && value))
            && CanBeReplayed(request.Content);

    private static bool IsIdempotent(HttpMethod method)
        => method == HttpMethod.Get || method == HttpMethod.Head || method == HttpMethod.Put || method == HttpMethod.Delete || method == HttpMethod.Options || method == HttpMethod.Trace;

    // A stream is at its end after the first attempt, and buffering an upload of unknown size is not ours to decide.
    private static bool CanBeReplayed(HttpContent? content)
        => content is null or ByteArrayContent or ReadOnlyMemoryContent or System.Net.Http.Json.JsonContent;
}
