using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>Where a dashboard shows a URL.</summary>
public enum UrlDisplayLocation
{
    /// <summary>In the list and in the details.</summary>
    SummaryAndDetails = 0,

    /// <summary>In the details only.</summary>
    DetailsOnly = 1,
}

/// <summary>A URL of the resource, for people to open.</summary>
public sealed class ResourceUrlAnnotation : IResourceAnnotation
{
    /// <summary>Higher comes first; null means 0.</summary>
#pragma warning disable CA1051 // Aspire declares a field, and object initializers of either compile against it.
    public int? DisplayOrder;
#pragma warning restore CA1051

    /// <summary>The URL; a relative one is relative to <see cref="Endpoint"/>.</summary>
    public required string Url { get; set; }

    /// <summary>What to show; null means the URL.</summary>
    public string? DisplayText { get; set; }

    /// <summary>The endpoint it belongs to; null when it belongs to none.</summary>
    public EndpointReference? Endpoint { get; init; }

    /// <summary>Where to show it.</summary>
    public UrlDisplayLocation DisplayLocation { get; set; }
}

/// <summary>Changes the URLs of the resource when its endpoints have addresses.</summary>
public sealed class ResourceUrlsCallbackAnnotation : IResourceAnnotation
{
    /// <summary>Changes them.</summary>
    public ResourceUrlsCallbackAnnotation(Action<ResourceUrlsCallbackContext> callback)
        : this(context =>
        {
            callback(context);
            return Task.CompletedTask;
        })
    {
    }

    /// <summary>Changes them.</summary>
    public ResourceUrlsCallbackAnnotation(Func<ResourceUrlsCallbackContext, Task> callback) => Callback = callback;

    /// <summary>What changes them.</summary>
    public Func<ResourceUrlsCallbackContext, Task> Callback { get; }
}

/// <summary>The URLs so far.</summary>
public class ResourceUrlsCallbackContext(
    DistributedApplicationExecutionContext executionContext,
    IResource resource,
    List<ResourceUrlAnnotation>? urls = null,
    CancellationToken cancellationToken = default)
{
    /// <summary>The URLs; change them.</summary>
    public List<ResourceUrlAnnotation> Urls { get; } = urls ?? [];

    /// <summary>The resource.</summary>
    public IResource Resource { get; } = resource;

    /// <summary>How the application is used.</summary>
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    /// <summary>The resource's log.</summary>
    public ILogger Logger { get; set; } = NullLogger.Instance;

    /// <summary>Canceled when the application stops.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>An endpoint of the resource; null when it has none of that name.</summary>
    public EndpointReference? GetEndpoint(string name) =>
        Resource is IResourceWithEndpoints owner && owner.GetEndpoint(name) is { Exists: true } endpoint ? endpoint : null;

    /// <summary>An endpoint of the resource as seen from a network; null when it has none of that name.</summary>
    public EndpointReference? GetEndpoint(string name, NetworkIdentifier contextNetworkId) =>
        Resource is IResourceWithEndpoints owner && owner.GetEndpoint(name, contextNetworkId) is { Exists: true } endpoint ? endpoint : null;
}
