using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Collects the URLs of a resource: one per http or https endpoint, those of WithUrl, and what the callbacks make of them.</summary>
internal static class ResourceUrls
{
    internal static async Task<ImmutableArray<UrlSnapshot>> CollectAsync(IResource resource, CancellationToken cancellationToken)
    {
        var urls = resource is IResourceWithEndpoints owner
            ? owner.GetEndpoints().Where(endpoint => endpoint.IsAllocated).Select(endpoint => new ResourceUrlAnnotation { Url = endpoint.Url, Endpoint = endpoint }).ToList()
            : [];
        urls.AddRange(resource.Annotations.OfType<ResourceUrlAnnotation>());
        var context = new ResourceUrlsCallbackContext(new(DistributedApplicationOperation.Run), resource, urls, cancellationToken);
        foreach (var callback in resource.Annotations.OfType<ResourceUrlsCallbackAnnotation>().ToArray())
        {
            await callback.Callback(context);
        }
        return
        [
            .. urls.Select(url => new UrlSnapshot(url.Endpoint?.EndpointName, Absolute(url), IsInternal: false)
            {
                DisplayProperties = new(url.DisplayText ?? "", url.DisplayOrder ?? 0),
            }),
        ];
    }

    private static string Absolute(ResourceUrlAnnotation url) =>
        url.Endpoint is { IsAllocated: true } endpoint && Uri.TryCreate(url.Url, UriKind.Relative, out var relative) && url.Url.StartsWith('/')
            ? new Uri(new Uri(endpoint.Url), relative).ToString()
            : url.Url;
}
