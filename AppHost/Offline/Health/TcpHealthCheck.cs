using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Healthy when the endpoint accepts a connection.</summary>
internal sealed class TcpHealthCheck(EndpointReference endpoint) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var address = await endpoint.EndpointAnnotation.AllocatedEndpointSnapshot.GetValueAsync(cancellationToken);
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(address.Address, address.Port, cancellationToken);
            return HealthCheckResult.Healthy($"{address.EndPointString} accepts connections");
        }
        catch (SocketException failure)
        {
            return HealthCheckResult.Unhealthy($"{address.EndPointString}: {failure.Message}", failure);
        }
    }
}
