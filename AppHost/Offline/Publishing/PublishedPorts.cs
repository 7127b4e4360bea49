using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>The ports of an endpoint in a deployment.</summary>
/// <param name="Endpoint">The endpoint.</param>
/// <param name="Target">What the container listens on; null means the deployment's choice, which is so for the first http and https endpoint of a project.</param>
/// <param name="Exposed">What others use; null means the deployment's choice.</param>
/// <param name="IsExposedWritten">Whether a manifest writes <paramref name="Exposed"/>: not when it only repeats the target.</param>
internal sealed record PublishedPort(EndpointAnnotation Endpoint, int? Target, int? Exposed, bool IsExposedWritten)
{
    /// <summary>The port of the outside that the description asks for; null when it asks for none.</summary>
    internal int? Wanted => Endpoint.Port;
}

/// <summary>Gives every endpoint its ports by Aspire's rules; one instance for a whole output, because the ports it makes up count on.</summary>
internal sealed class PublishedPorts
{
    private const int First = 8000;

    private readonly HashSet<int> used = [];
    private int next = First;

    internal IReadOnlyList<PublishedPort> Of(IResource resource)
    {
        var ports = new List<PublishedPort>();
        var seenSchemes = new HashSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var isHttp = endpoint.UriScheme is "http" or "https";
            var target = endpoint.TargetPort switch
            {
                { } declared => declared,
                null when resource is ContainerResource && endpoint.Port is { } port => port,
                null when resource is ProjectResource && isHttp && !seenSchemes.Contains(endpoint.UriScheme) => (int?)null,
                null => Allocate(),
            };
            if (resource is ProjectResource && isHttp)
            {
                seenSchemes.Add(endpoint.UriScheme);
            }
            ports.Add(Expose(endpoint, target, isHttp));
        }
        return ports;
    }

    private PublishedPort Expose(EndpointAnnotation endpoint, int? target, bool isHttp)
    {
        var port = (endpoint.Port, target) switch
        {
            ({ } declared, { } known) => new PublishedPort(endpoint, target, declared, declared != known),
            (null, { } known) => new PublishedPort(endpoint, target, known, IsExposedWritten: false),
            (null, null) when isHttp => new PublishedPort(endpoint, target, Exposed: null, IsExposedWritten: false),
            _ => new PublishedPort(endpoint, target, Allocate(), IsExposedWritten: true),
        };
        used.UnionWith(new[] { port.Exposed, port.Target }.OfType<int>());
        return port;
    }

    private int Allocate()
    {
        while (!used.Add(next))
        {
            next++;
        }
        return next++;
    }
}
