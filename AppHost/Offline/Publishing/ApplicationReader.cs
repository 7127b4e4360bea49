using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Offline;

/// <summary>Reads a description for a deployment: projects and containers; programs of this machine and what is left out of a manifest stay behind.</summary>
internal sealed class ApplicationReader(DistributedApplicationModel model, DistributedApplicationExecutionContext executionContext, string name)
{
    private readonly Dictionary<IResource, IReadOnlyList<PublishedPort>> ports = [];

    internal async Task<PublishedApplication> ReadAsync(CancellationToken cancellationToken)
    {
        var allocated = new PublishedPorts();
        var deployed = model.Resources.Where(IsDeployed).ToList();
        foreach (var resource in deployed)
        {
            ports[resource] = allocated.Of(resource);
        }
        var services = new List<PublishedService>();
        foreach (var resource in deployed)
        {
            services.Add(await ReadAsync(resource, deployed, cancellationToken));
        }
        return new PublishedApplication(name, services);
    }

    internal static bool IsDeployed(IResource resource) =>
        (resource is ProjectResource || resource.IsContainer()) && resource.Annotations.OfType<ManifestPublishingCallbackAnnotation>().LastOrDefault() is not { Callback: null };

    private async Task<PublishedService> ReadAsync(IResource resource, List<IResource> all, CancellationToken cancellationToken)
    {
        var values = new PublishedValues(PortOf);
        var environment = new List<(string, PublishedText)>();
        foreach (var (variable, value) in await EnvironmentEvaluator.CollectAsync(resource, executionContext, NullLogger.Instance, cancellationToken))
        {
            // Nothing in a deployment serves TLS by itself, so that address would lead nowhere.
            if (value is not EndpointReference { IsHttps: true, Resource: ProjectResource })
            {
                environment.Add((variable, await values.ReadAsync(value, cancellationToken)));
            }
        }
        var arguments = new List<PublishedText>();
        foreach (var value in await EnvironmentEvaluator.CollectArgumentsAsync(resource, executionContext, NullLogger.Instance, cancellationToken))
        {
            arguments.Add(await values.ReadAsync(value, cancellationToken));
        }
        AddDatabase(resource, environment);
        var isJob = all.Any(other => other.Annotations.OfType<WaitAnnotation>().Any(wait => wait.Resource == resource && wait.WaitType == WaitType.WaitForCompletion));
        return new PublishedService
        {
            Resource = resource,
            Image = resource.TryGetContainerImageName(out var image) ? image : null,
            Entrypoint = (resource as ContainerResource)?.Entrypoint,
            Arguments = arguments,
            Environment = environment,
            Ports = ports[resource],
            Mounts = [.. resource.Annotations.OfType<ContainerMountAnnotation>()],
            Waits = [.. resource.Annotations.OfType<WaitAnnotation>().Where(wait => all.Contains(wait.Resource))],
            Replicas = resource.GetReplicaCount(),
            IsExplicit = resource.HasAnnotationOfType<ExplicitStartupAnnotation>(),
            IsJob = isJob,
            IsWorker = resource is ProjectResource && !isJob && !ports[resource].Any(port => port.Endpoint.IsExternal) && !IsReached(resource, all),
            Probe = ProbeOf(resource),
        };
    }

    private PublishedPort PortOf(IResource resource, EndpointAnnotation endpoint) =>
        (ports.TryGetValue(resource, out var known) ? known : ports[resource] = new PublishedPorts().Of(resource)).First(port => port.Endpoint == endpoint);

    // The server makes its first database itself; Aspire's host makes it only in a run.
    private static void AddDatabase(IResource resource, List<(string Name, PublishedText Value)> environment)
    {
        if (resource is PostgresServerResource { Databases.Count: > 0 } server && !environment.Exists(variable => variable.Name == "POSTGRES_DB"))
        {
            environment.Add(("POSTGRES_DB", PublishedText.Of(server.Databases.First().Value)));
        }
    }

    private static bool IsReached(IResource resource, List<IResource> all) => all.Any(other =>
        other.Annotations.OfType<EndpointReferenceAnnotation>().Any(reference => reference.Resource == resource)
        || other.Annotations.OfType<ResourceRelationshipAnnotation>().Any(relation => relation.Resource == resource && relation.Type != KnownRelationshipTypes.Parent));

    private static ServiceProbe? ProbeOf(IResource resource) =>
        ServiceProbe.OfServer(resource)
        ?? (resource.Annotations.OfType<HttpHealthCheckAnnotation>().FirstOrDefault() is { } check ? new ServiceProbe.Http(check.EndpointName, check.Path, check.Status) : null);
}
