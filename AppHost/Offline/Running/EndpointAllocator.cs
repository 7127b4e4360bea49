using System.Globalization;
using System.Net;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Gives every endpoint of a process its address. Nothing stands in front of a process, so the port others use is the port it binds:
/// the declared one, or else one that is free.
/// </summary>
internal sealed class EndpointAllocator(KeptPorts kept, DistributedApplicationModel model, IConfiguration configuration)
{
    // Aspire's own key: tests set it, so that several applications can run side by side.
    private readonly bool randomizes = bool.TryParse(configuration["DcpPublisher:RandomizePorts"], out var wanted) && wanted;

    private readonly HashSet<int> given = [];

    /// <summary>Throws when a port is declared that there cannot be.</summary>
    internal static void Check(DistributedApplicationModel model)
    {
        foreach (var (resource, endpoint) in model.Resources.SelectMany(resource => resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => (resource, endpoint))))
        {
            if ((endpoint.Port ?? endpoint.TargetPort) is < 1 or > IPEndPoint.MaxPort)
            {
                throw new DistributedApplicationException(
                    $"The port of '{resource.Name}' ({endpoint.Name}) is {endpoint.Port ?? endpoint.TargetPort}; it must be from 1 to {IPEndPoint.MaxPort}.");
            }
        }
    }

    internal void Allocate(IResource resource)
    {
        if (resource.MaterializedAs()?.Kind is not (MaterializationKind.Process or MaterializationKind.Container))
        {
            return;
        }
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.AllocatedEndpoint is null))
        {
            var port = PortOf(resource, endpoint);
            given.Add(port);
            var target = resource.MaterializedAs()!.Kind == MaterializationKind.Container ? endpoint.TargetPort ?? port : port;
            endpoint.AllocatedEndpoint = new(endpoint, KnownHostNames.Localhost, port, target.ToString(CultureInfo.InvariantCulture));
            AllocateForContainers(resource, endpoint, port, target);
        }
    }

    // Containers find each other by name and see each other's own ports; what runs on this machine they see through the tunnel, by its port.
    private void AllocateForContainers(IResource resource, EndpointAnnotation endpoint, int port, int target)
    {
        var network = KnownNetworkIdentifiers.DefaultAspireContainerNetwork;
        var (host, number) = resource.MaterializedAs()!.Kind == MaterializationKind.Container ? (resource.Name, target)
            : model.Resources.Any(one => one.MaterializedAs()?.Kind == MaterializationKind.Container) ? (KnownHostNames.DefaultContainerTunnelHostName, port)
            : (KnownHostNames.Localhost, port);
        endpoint.AllAllocatedEndpoints.AddOrUpdateAllocatedEndpoint(
            network, new(endpoint, host, number, EndpointBindingMode.SingleAddress, number.ToString(CultureInfo.InvariantCulture), network));
    }

    private int PortOf(IResource resource, EndpointAnnotation endpoint) => resource switch
    {
        // A project is told its port.
        ProjectResource => Declared(endpoint) ?? (randomizes && endpoint.IsProxied ? null : endpoint.TargetPort) ?? FreePort(),
        // So is a server; the port it would have inside a container means nothing here.
        _ when resource.IsContainer() => Declared(endpoint) ?? kept.Take($"{resource.Name}/{endpoint.Name}"),
        // Another program listens where it always does, and only that is declared.
        _ => endpoint.TargetPort ?? Declared(endpoint) ?? FreePort(),
    };

    private int? Declared(EndpointAnnotation endpoint) => randomizes && endpoint.IsProxied ? null : endpoint.Port;

    /// <summary>A port that nobody has at the moment, and that was not given before.</summary>
    internal int FreePort()
    {
        var port = KeptPorts.Choose(given);
        given.Add(port);
        return port;
    }
}
