using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>A service outside the application.</summary>
public sealed class ExternalServiceResource : Resource, IResourceWithoutLifetime
{
    /// <summary>A service at a fixed place.</summary>
    public ExternalServiceResource(string name, Uri uri) : base(name)
    {
        ArgumentNullException.ThrowIfNull(uri);
        Uri = CheckUrl(name, uri.OriginalString);
    }

    /// <summary>A service at a place that a parameter says.</summary>
    public ExternalServiceResource(string name, ParameterResource urlParameter) : base(name)
    {
        ArgumentNullException.ThrowIfNull(urlParameter);
        UrlParameter = urlParameter;
    }

    /// <summary>The place; null when a parameter says it.</summary>
    public Uri? Uri { get; }

    /// <summary>What says the place; null when it is fixed.</summary>
    public ParameterResource? UrlParameter { get; }

    internal static Uri CheckUrl(string name, string? url) =>
        System.Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.AbsolutePath == "/"
            ? uri
            : throw new DistributedApplicationException($"The URL '{url}' of the external service '{name}' must be absolute and must have no path.");
}

/// <summary>Describes services outside the application.</summary>
public static class ExternalServiceBuilderExtensions
{
    /// <summary>Adds a service at a fixed place.</summary>
    public static IResourceBuilder<ExternalServiceResource> AddExternalService(this IDistributedApplicationBuilder builder, [ResourceName] string name, string url)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddResource(new ExternalServiceResource(name, ExternalServiceResource.CheckUrl(name, url)));
    }

    /// <summary>Adds a service at a fixed place.</summary>
    public static IResourceBuilder<ExternalServiceResource> AddExternalService(this IDistributedApplicationBuilder builder, [ResourceName] string name, Uri uri)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddResource(new ExternalServiceResource(name, uri));
    }

    /// <summary>Adds a service at a place that a parameter says.</summary>
    public static IResourceBuilder<ExternalServiceResource> AddExternalService(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, IResourceBuilder<ParameterResource> urlParameter)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(urlParameter);
        return builder.AddResource(new ExternalServiceResource(name, urlParameter.Resource));
    }

    /// <summary>Finds the service healthy when a GET is answered with the status, by default of <c>/</c> with 200.</summary>
    public static IResourceBuilder<ExternalServiceResource> WithHttpHealthCheck(
        this IResourceBuilder<ExternalServiceResource> builder, string? path = null, int? statusCode = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var service = builder.Resource;
        var status = statusCode ?? 200;
        var key = $"{service.Name}_external_{path ?? "/"}_{status}_check";
        builder.ApplicationBuilder.Services.AddHealthChecks().Add(new HealthCheckRegistration(
            key,
            _ => new HttpHealthCheck(
                async cancellationToken => new Uri(service.Uri ?? ExternalServiceResource.CheckUrl(service.Name, await service.UrlParameter!.GetValueAsync(cancellationToken)), path ?? "/"),
                status),
            failureStatus: null,
            tags: null));
        return builder.WithHealthCheck(key);
    }
}
