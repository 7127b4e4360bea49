using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Refuses to start what would not get its ports, and says who has them.</summary>
internal sealed class PortCheck(HostDescription host)
{
    internal void Check(ResourceInstance instance)
    {
        // Replicas after the first get ports of their own.
        if (instance.Replica > 0)
        {
            return;
        }
        foreach (var endpoint in instance.Resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.AllocatedEndpoint is { Port: var port } && PortOwner.IsTaken(port))
            {
                var remedy = host.PortOptionOf(instance.Resource.Name) is { } option ? $"start with {option} OTHER" : "give the resource another port";
                throw new TemporarilyUnavailableException(
                    $"Port {port} of '{instance.Resource.Name}' ({endpoint.Name}) is taken by {PortOwner.Describe(port)}. Stop that, or {remedy}.");
            }
        }
    }
}
