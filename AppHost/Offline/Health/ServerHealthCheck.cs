using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Healthy when the server serves a client with the credentials that its consumers get, within five seconds.</summary>
/// <param name="endpoint">Where it is asked.</param>
/// <param name="what">What is asked, in words: "SELECT 1".</param>
/// <param name="ask">Asks; throws what it meets.</param>
internal sealed class ServerHealthCheck(EndpointReference endpoint, string what, Func<AllocatedEndpoint, CancellationToken, Task> ask) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var address = await endpoint.EndpointAnnotation.AllocatedEndpointSnapshot.GetValueAsync(cancellationToken);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(Patience);
        try
        {
            await ask(address, late.Token);
            return HealthCheckResult.Healthy($"{address.EndPointString} answers {what}");
        }
        catch (ServerRefusedException refusal)
        {
            return HealthCheckResult.Unhealthy($"{address.EndPointString} refuses {what}: {refusal.Message}", refusal);
        }
        catch (Exception failure) when (failure is SocketException or IOException)
        {
            return HealthCheckResult.Unhealthy($"{address.EndPointString}: {failure.Message}", failure);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy($"{address.EndPointString} did not answer {what} within {Patience.TotalSeconds:0} s");
        }
    }
}
