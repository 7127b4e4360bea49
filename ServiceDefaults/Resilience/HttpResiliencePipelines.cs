using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
using Polly.Retry;
using Polly.Timeout;

namespace Stack.ServiceDefaults.Resilience;

/// <summary>
/// One pipeline per host and port, shared by all clients: total timeout, retry, breaker, attempt timeout, from the outside to the inside.
/// </summary>
internal sealed partial class HttpResiliencePipelines(IOptions<HttpResilienceOptions> options, TimeProvider time, ILogger<HttpResiliencePipelines> logger)
{
    internal static readonly ResiliencePropertyKey<HttpRequestMessage> Request = new("Stack.Resilience.Request");

    // Deployed programs come and go on ports of their own; a breaker that is forgotten is only closed again.
    private const int Limit = 512;

    private readonly ConcurrentDictionary<string, ResiliencePipeline<HttpResponseMessage>> byAuthority = new(StringComparer.OrdinalIgnoreCase);

    internal HttpResilienceOptions Options => options.Value;

    internal ResiliencePipeline<HttpResponseMessage> For(Uri? uri)
    {
        var authority = uri is { IsAbsoluteUri: true } ? uri.Authority : "";
        if (byAuthority.Count >= Limit)
        {
            byAuthority.Clear();
        }

        return byAuthority.GetOrAdd(authority, Build);
    }

    private ResiliencePipeline<HttpResponseMessage> Build(string authority)
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = time };
        builder.AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = args => new(Own(args.Context) ?? Options.TotalTimeout) });
        if (Options.Retries > 0)
        {
            builder.AddRetry(Retry(authority));
        }

        return builder
            .AddCircuitBreaker(Breaker(authority))
            .AddTimeout(new TimeoutStrategyOptions { TimeoutGenerator = args => new(Own(args.Context) ?? Options.AttemptTimeout) })
            .Build();
    }

    private RetryStrategyOptions<HttpResponseMessage> Retry(string authority) => new()
    {
        MaxRetryAttempts = Options.Retries,
        Delay = Options.RetryDelay,
        MaxDelay = Options.MaxRetryDelay,
        BackoffType = DelayBackoffType.Exponential,
        UseJitter = true,
        ShouldHandle = args => new(
            HttpFailures.IsTransient(args.Outcome)
            && args.Context.Properties.GetValue(Request, null!)?.MayBeRepeated() == true
            && !(HttpFailures.RetryAfter(args.Outcome.Result, time) > Options.TotalTimeout)),
        DelayGenerator = args => new(HttpFailures.RetryAfter(args.Outcome.Result, time)),
        OnRetry = args =>
        {
            var request = args.Context.Properties.GetValue(Request, null!);
            LogRetry(request?.Method.Method, authority, args.AttemptNumber + 1, Cause(args.Outcome), args.RetryDelay.TotalMilliseconds);
            return default;
        },
    };

    private CircuitBreakerStrategyOptions<HttpResponseMessage> Breaker(string authority) => new()
    {
        FailureRatio = Options.BreakerFailureRatio,
        MinimumThroughput = Options.BreakerMinimumThroughput,
        SamplingDuration = Options.BreakerSampling,
        BreakDuration = Options.BreakerPause,
        ShouldHandle = args => new(HttpFailures.CountsAgainstHost(args.Outcome)),
        OnOpened = args =>
        {
            LogOpened(authority, args.BreakDuration.TotalSeconds, Cause(args.Outcome));
            return default;
        },
        OnClosed = _ =>
        {
            LogClosed(authority);
            return default;
        },
    };

    private static TimeSpan? Own(ResilienceContext context) => context.Properties.GetValue(Request, null!)?.TimeoutOrNull();

    private static string Cause(Outcome<HttpResponseMessage> outcome)
        => outcome.Exception?.Message ?? (outcome.Result is { } response ? $"status {(int)response.StatusCode}" : "unknown");

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Method} to {Authority}: attempt {Attempt} failed ({Cause}); the next in {Milliseconds:0} ms")]
    private partial void LogRetry(string? method, string authority, int attempt, string cause, double milliseconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Authority} fails too often; requests to it are refused for {Seconds} s. Last failure: {Cause}")]
    private partial void LogOpened(string authority, double seconds, string cause);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Authority} answers again; requests to it are sent")]
    private partial void LogClosed(string authority);
}
