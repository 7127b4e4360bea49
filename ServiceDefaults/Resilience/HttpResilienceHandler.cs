using Polly;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Stack.ServiceDefaults.Resilience;

/// <summary>
/// Sends each request through its host's pipeline. What the pipeline itself refuses or ends surfaces as <see cref="HttpRequestException"/>, so that callers
/// have one exception to expect; its inner exception tells which.
/// </summary>
/// <remarks>Synchronous requests pass through untouched.</remarks>
internal sealed class HttpResilienceHandler(HttpResiliencePipelines pipelines) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.IsOptedOut())
        {
            return await base.SendAsync(request, cancellationToken);
        }

        var context = ResilienceContextPool.Shared.Get(continueOnCapturedContext: false, cancellationToken);
        context.Properties.Set(HttpResiliencePipelines.Request, request);
        try
        {
            return await pipelines.For(request.RequestUri).ExecuteAsync(
                static async (context, state) => await state.Handler.SendOnceAsync(state.Request, context.CancellationToken),
                context,
                (Handler: this, Request: request));
        }
        catch (TimeoutRejectedException timeout)
        {
            throw new HttpRequestException(
                HttpRequestError.Unknown,
                $"{Describe(request)} had no answer within {timeout.Timeout.TotalSeconds:0.###} s; see {HttpResilienceOptions.Section}:TotalTimeout and AttemptTimeout.",
                timeout);
        }
        catch (BrokenCircuitException open)
        {
            throw new HttpRequestException(
                HttpRequestError.ConnectionError,
                $"{Describe(request)} was not sent: {request.RequestUri?.Authority} failed too often and is tried again in {(open.RetryAfter ?? pipelines.Options.BreakerPause).TotalSeconds:0.#} s.",
                open);
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    private Task<HttpResponseMessage> SendOnceAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => base.SendAsync(request, cancellationToken);

    // Without the query, which may carry what a log must not.
    private static string Describe(HttpRequestMessage request)
        => $"{request.Method} {(request.RequestUri is { IsAbsoluteUri: true } uri ? uri.GetLeftPart(UriPartial.Path) : request.RequestUri?.ToString())}";
}
