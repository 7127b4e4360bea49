namespace Stack.ServiceDefaults.Resilience;

/// <summary>How every <see cref="HttpClient"/> of the factory treats a slow or failing server. Section <c>Resilience:Http</c>.</summary>
public sealed class HttpResilienceOptions
{
    internal const string Section = "Resilience:Http";

    /// <summary>How long a request may take with all its retries and pauses, until the answer's headers are there.</summary>
    /// <value>The default is 30 seconds.</value>
    public TimeSpan TotalTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long one attempt may take, until the answer's headers are there.</summary>
    /// <value>The default is 10 seconds.</value>
    public TimeSpan AttemptTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// <see cref="HttpClient.Timeout"/> of every client: the ceiling over a whole call, with the body when it is buffered, and over
    /// <see cref="HttpRequestResilience.WithTimeout"/> too. A client whose calls take longer sets its own <see cref="HttpClient.Timeout"/> after it was created.
    /// </summary>
    /// <value>The default is 10 minutes.</value>
    public TimeSpan ClientTimeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How often a request is repeated after the first attempt. Zero switches retries off.</summary>
    /// <value>The default is 3.</value>
    public int Retries { get; set; } = 3;

    /// <summary>The pause before the first retry; it doubles each time, with jitter.</summary>
    /// <value>The default is 200 milliseconds.</value>
    public TimeSpan RetryDelay { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>The longest computed pause. A server's <c>Retry-After</c> is honoured beyond it, as far as <see cref="TotalTimeout"/> allows.</summary>
    /// <value>The default is 5 seconds.</value>
    public TimeSpan MaxRetryDelay { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>The share of failed attempts, above 0 and at most 1, at which a host's breaker opens.</summary>
    /// <value>The default is 0.5.</value>
    public double BreakerFailureRatio { get; set; } = 0.5;

    /// <summary>How many attempts <see cref="BreakerSampling"/> must have seen before the breaker may open; at least 2.</summary>
    /// <value>The default is 20.</value>
    public int BreakerMinimumThroughput { get; set; } = 20;

    /// <summary>The period over which failures are counted; at least half a second.</summary>
    /// <value>The default is 30 seconds.</value>
    public TimeSpan BreakerSampling { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long an open breaker refuses requests before it lets one through to try; at least half a second.</summary>
    /// <value>The default is 2 seconds.</value>
    public TimeSpan BreakerPause { get; set; } = TimeSpan.FromSeconds(2);

    internal IEnumerable<string> Refusals()
    {
        var half = TimeSpan.FromSeconds(0.5);
        (bool Refused, string Name, object Value, string Remedy)[] rules =
        [
            (AttemptTimeout < TimeSpan.FromMilliseconds(10), nameof(AttemptTimeout), AttemptTimeout, "give at least 10 milliseconds, for example 00:00:10"),
            (TotalTimeout < AttemptTimeout, nameof(TotalTimeout), TotalTimeout, $"give at least AttemptTimeout ({AttemptTimeout})"),
            (TotalTimeout > TimeSpan.FromDays(1), nameof(TotalTimeout), TotalTimeout, "give at most one day"),
            (ClientTimeout < TotalTimeout, nameof(ClientTimeout), ClientTimeout, $"give at least TotalTimeout ({TotalTimeout})"),
            (ClientTimeout.TotalMilliseconds > int.MaxValue, nameof(ClientTimeout), ClientTimeout, "give at most 24 days"),
            (Retries is < 0 or > 20, nameof(Retries), Retries, "give 0 to 20"),
            (RetryDelay < TimeSpan.Zero, nameof(RetryDelay), RetryDelay, "give zero or more, for example 00:00:00.2"),
            (MaxRetryDelay < RetryDelay, nameof(MaxRetryDelay), MaxRetryDelay, $"give at least RetryDelay ({RetryDelay})"),
            (BreakerFailureRatio is not (> 0 and <= 1), nameof(BreakerFailureRatio), BreakerFailureRatio, "give a share above 0 and at most 1, for example 0.5"),
            (BreakerMinimumThroughput < 2, nameof(BreakerMinimumThroughput), BreakerMinimumThroughput, "give 2 or more"),
            (BreakerSampling < half, nameof(BreakerSampling), BreakerSampling, "give at least 00:00:00.5"),
            (BreakerPause < half, nameof(BreakerPause), BreakerPause, "give at least 00:00:00.5"),
        ];
        return rules.Where(rule => rule.Refused).Select(rule => $"{Section}:{rule.Name} is {rule.Value}; {rule.Remedy}.");
    }
}
