using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Testing;

/// <summary>Reaches the resources of a running application.</summary>
public static class DistributedApplicationHostingTestingExtensions
{
    private static readonly string[] HttpEndpointNames = ["https", "http"];

    /// <summary>Makes a client of an endpoint of the resource, by default of https when it has that, or else of http.</summary>
    public static HttpClient CreateHttpClient(this DistributedApplication app, string resourceName, string? endpointName = null)
    {
        var address = app.GetEndpoint(resourceName, endpointName);
        var client = app.Services.GetService<IHttpClientFactory>()?.CreateClient() ?? new HttpClient();
        client.BaseAddress = address;
        return client;
    }

    /// <summary>The connection string that consumers of the resource are given; null when the resource is not run, so that they are given none.</summary>
    public static async ValueTask<string?> GetConnectionStringAsync(this DistributedApplication app, string resourceName, CancellationToken cancellationToken = default)
    {
        var resource = Find(app, resourceName) as IResourceWithConnectionString
            ?? throw new ArgumentException($"Resource '{resourceName}' does not expose a connection string.", nameof(resourceName));
        return resource.IsEmbedded() ? null : await resource.GetConnectionStringAsync(cancellationToken);
    }

    /// <summary>The address of an endpoint of the resource, by default of https when it has that, or else of http.</summary>
    public static Uri GetEndpoint(this DistributedApplication app, string resourceName, string? endpointName = null) =>
        app.GetEndpointForNetwork(resourceName, networkIdentifier: null, endpointName);

    /// <summary>The address of an endpoint of the resource as seen from a network; null means this machine.</summary>
    public static Uri GetEndpointForNetwork(this DistributedApplication app, string resourceName, NetworkIdentifier? networkIdentifier, string? endpointName = null)
    {
        if (Find(app, resourceName) is not IResourceWithEndpoints resource)
        {
            throw new ArgumentException($"Resource '{resourceName}' has no endpoints.", nameof(resourceName));
        }
        string[] names = string.IsNullOrEmpty(endpointName) ? HttpEndpointNames : [endpointName];
        var network = networkIdentifier ?? KnownNetworkIdentifiers.LocalhostNetwork;
        var endpoint = names.Select(resource.GetEndpoint).FirstOrDefault(candidate => candidate.IsAllocated)
            ?? throw new ArgumentException(
                $"Endpoint '{string.Join("' or '", names)}' for resource '{resourceName}' not found. Its endpoints: "
                + $"{string.Join(", ", resource.GetEndpoints().Select(one => $"{one.EndpointName}{(one.IsAllocated ? "" : " (without an address)")}").DefaultIfEmpty("none"))}.",
                nameof(endpointName));
        var addresses = endpoint.EndpointAnnotation.AllAllocatedEndpoints;
        var address = addresses.FirstOrDefault(one => one.NetworkID == network)?.Snapshot.ValueOrDefault
            ?? throw new ArgumentException($"Endpoint '{endpoint.EndpointName}' of resource '{resourceName}' has no address in the network '{network.Value}'.", nameof(networkIdentifier));
        return new Uri(address.UriString);
    }

    private static IResource Find(DistributedApplication app, string name)
    {
        ArgumentNullException.ThrowIfNull(app);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!app.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested)
        {
            throw new InvalidOperationException("The application has not started. Call StartAsync first.");
        }
        var model = app.Services.GetRequiredService<DistributedApplicationModel>();
        return model.Resources.FirstOrDefault(resource => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase))
            ?? throw new ArgumentException($"Resource '{name}' not found. The application has: {string.Join(", ", model.Resources.Select(resource => resource.Name))}.", nameof(name));
    }
}
