using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Healthy when a GET is answered with the expected status within ten seconds.</summary>
internal sealed class HttpHealthCheck(Func<CancellationToken, ValueTask<Uri>> address, int expectedStatus) : IHealthCheck
{
    private static readonly HttpClient Client = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(2) })
    {
        Timeout = TimeSpan.FromSeconds(10),
    };

    internal HttpHealthCheck(EndpointReference endpoint, string path, int expectedStatus)
        : this(async cancellationToken => new Uri(new Uri((await endpoint.GetValueAsync(cancellationToken))!), path), expectedStatus)
    {
    }

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var uri = await address(cancellationToken);
        try
        {
            using var response = await Client.GetAsync(uri, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            var status = (int)response.StatusCode;
            return status == expectedStatus
                ? HealthCheckResult.Healthy($"GET {uri} answered {status}")
                : HealthCheckResult.Unhealthy($"GET {uri} answered {status}, expected {expectedStatus}");
        }
        catch (HttpRequestException failure)
        {
            return HealthCheckResult.Unhealthy($"GET {uri} failed: {failure.Message}", failure);
        }
        catch (TaskCanceledException failure) when (failure.InnerException is TimeoutException)
        {
            return HealthCheckResult.Unhealthy($"GET {uri} was not answered within {Client.Timeout.TotalSeconds:0} s", failure);
        }
    }
}
