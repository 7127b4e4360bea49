using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>
    /// Gives the resource a connection string, as <c>ConnectionStrings__NAME</c> and one variable per part of it. Gives nothing when
    /// the other resource is embedded: there is no server to connect to.
    /// </summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder,
        IResourceBuilder<IResourceWithConnectionString> source,
        string? connectionName = null,
        bool optional = false)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(source);
        var resource = source.Resource;
        connectionName ??= resource.Name;
        return builder.WithReferenceRelationship(resource).WithEnvironment(context =>
        {
            if (resource.IsEmbedded())
            {
                return;
            }
            var flags = InjectionFlags(context.Resource);
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ConnectionString))
            {
                var variable = resource.ConnectionStringEnvironmentVariable ?? $"ConnectionStrings__{connectionName}";
                context.EnvironmentVariables[variable] = new ConnectionStringReference(resource, optional);
            }
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ConnectionProperties))
            {
                var prefix = connectionName.Length == 0 ? "" : $"{EnvironmentVariableName.Encode(connectionName).ToUpperInvariant()}_";
                foreach (var (property, value) in resource.GetConnectionProperties())
                {
                    context.EnvironmentVariables[$"{prefix}{property.ToUpperInvariant()}"] = value;
                }
            }
        });
    }

    /// <summary>Tells the resource where to find another: <c>services__NAME__SCHEME__0</c> and <c>NAME_ENDPOINT</c> for each endpoint.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(source);
        return ReferToEndpoints(builder, source.Resource, endpointName: null, name: null);
    }

    /// <summary>Tells the resource where to find another, under a name of its own.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(
        this IResourceBuilder<TDestination> builder, IResourceBuilder<IResourceWithServiceDiscovery> source, string name)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(name);
        return ReferToEndpoints(builder, source.Resource, endpointName: null, name);
    }

    /// <summary>Tells the resource where to find one endpoint of another.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, EndpointReference endpointReference)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(endpointReference);
        return ReferToEndpoints(builder, endpointReference.Resource, endpointReference.EndpointName, name: null);
    }

    /// <summary>Tells the resource where to find something outside the application.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, string name, Uri uri)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(uri);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!uri.IsAbsoluteUri || uri.AbsolutePath != "/")
        {
            throw new InvalidOperationException($"The uri '{uri}' of the service '{name}' must be absolute and must have no path.");
        }
        return builder.WithEnvironment(context =>
        {
            var flags = InjectionFlags(context.Resource);
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ServiceDiscovery))
            {
                context.EnvironmentVariables[$"services__{name}__default__0"] = uri.ToString();
            }
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.Endpoints))
            {
                context.EnvironmentVariables[EnvironmentVariableName.Encode(name)] = uri.ToString();
            }
        });
    }

    /// <summary>Tells the resource where to find a service outside.</summary>
    public static IResourceBuilder<TDestination> WithReference<TDestination>(this IResourceBuilder<TDestination> builder, IResourceBuilder<ExternalServiceResource> externalService)
        where TDestination : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(externalService);
        var service = externalService.Resource;
        return builder.WithReferenceRelationship(service).WithEnvironment(async context =>
        {
            var flags = InjectionFlags(context.Resource);
            var prefix = EnvironmentVariableName.Encode(service.Name).ToUpperInvariant();
            var (value, scheme) = (service.Uri?.ToString() ?? (object)service.UrlParameter!, service.Uri?.Scheme ?? "default");
            if (service.Uri is null && context.ExecutionContext.IsRunMode)
            {
                scheme = ExternalServiceResource.CheckUrl(service.Name, await service.UrlParameter!.GetValueAsync(context.CancellationToken)).Scheme;
                prefix = $"{prefix}_{EnvironmentVariableName.Encode(scheme).ToUpperInvariant()}";
            }
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ServiceDiscovery))
            {
                context.EnvironmentVariables[$"services__{service.Name}__{scheme}__0"] = value;
            }
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.Endpoints))
            {
                context.EnvironmentVariables[prefix] = value;
            }
        });
    }

    private static ReferenceEnvironmentInjectionFlags InjectionFlags(IResource resource) =>
        resource.TryGetLastAnnotation<ReferenceEnvironmentInjectionAnnotation>(out var annotation) ? annotation.Flags : ReferenceEnvironmentInjectionFlags.All;

    private static IResourceBuilder<T> ReferToEndpoints<T>(IResourceBuilder<T> builder, IResourceWithEndpoints source, string? endpointName, string? name)
        where T : IResourceWithEnvironment
    {
        ArgumentNullException.ThrowIfNull(builder);
        var known = builder.Resource.Annotations.OfType<EndpointReferenceAnnotation>().SingleOrDefault(annotation => annotation.Resource == source);
        if (known is null)
        {
            // One callback per source: later references to it only widen the annotation.
            known = new(source);
            if (builder.Resource.IsContainer())
            {
                known.ContextNetworkId = KnownNetworkIdentifiers.DefaultAspireContainerNetwork;
            }
            builder.WithAnnotation(known).WithEnvironment(context => AddEndpoints(context, known, name));
        }
        if (endpointName is null)
        {
            known.UseAllEndpoints = true;
        }
        else
        {
            known.EndpointNames.Add(endpointName);
        }
        return builder.WithReferenceRelationship(source);
    }

    private static void AddEndpoints(EnvironmentCallbackContext context, EndpointReferenceAnnotation referred, string? name)
    {
        var flags = InjectionFlags(context.Resource);
        var serviceName = name ?? referred.Resource.Name;
        var prefix = EnvironmentVariableName.Encode(name ?? serviceName.ToUpperInvariant());
        // A container that is made real by a process sees this machine as every process does.
        var endpoints = context.Resource.MaterializedAs()?.Kind == MaterializationKind.Process ? referred.Resource.GetEndpoints() : referred.Resource.GetEndpoints(referred.ContextNetworkId);
        foreach (var endpoint in endpoints)
        {
            if (!referred.EndpointNames.Contains(endpoint.EndpointName) && !(referred.UseAllEndpoints && !endpoint.ExcludeReferenceEndpoint))
            {
                continue;
            }
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.Endpoints))
            {
                context.EnvironmentVariables[$"{prefix}_{EnvironmentVariableName.Encode(endpoint.EndpointName).ToUpperInvariant()}"] = endpoint;
            }
            if (flags.HasFlag(ReferenceEnvironmentInjectionFlags.ServiceDiscovery))
            {
                // An endpoint named http or https is found by its scheme, any other by its name.
                var schemeKey = endpoint.IsHttpSchemeNamedEndpoint ? endpoint.Scheme : endpoint.EndpointName;
                var index = 0;
                while (!context.EnvironmentVariables.TryAdd($"services__{serviceName}__{schemeKey}__{index}", endpoint))
                {
                    index++;
                }
            }
        }
    }
}
