using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Gives every endpoint of a process its address. Nothing stands in front of a process, so the port others use is the port it binds:
/// the declared one, or else one that is free.
/// </summary>
internal sealed class EndpointAllocator
{
    private readonly HashSet<int> given = [];

    internal void Allocate(IResource resource)
    {
        if (resource.MaterializedAs()?.Kind != MaterializationKind.Process)
        {
            return;
        }
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.AllocatedEndpoint is null))
        {
            // A project is told its port; another program listens where it always does, and only that is declared.
            var port = (resource is ProjectResource ? endpoint.Port ?? endpoint.TargetPort : endpoint.TargetPort ?? endpoint.Port) ?? FreePort();
            if (port is < 1 or > IPEndPoint.MaxPort)
            {
                throw new DistributedApplicationException($"The port of '{resource.Name}' ({endpoint.Name}) is {port}; it must be from 1 to {IPEndPoint.MaxPort}.");
            }
            given.Add(port);
            endpoint.AllocatedEndpoint = new(endpoint, KnownHostNames.Localhost, port, port.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>A port that nobody has at the moment, and that was not given before.</summary>
    internal int FreePort()
    {
        while (true)
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            var port = ((IPEndPoint)socket.LocalEndPoint!).Port;
            if (given.Add(port) && !PortOwner.IsTaken(port))
            {
                return port;
            }
        }
    }
}
