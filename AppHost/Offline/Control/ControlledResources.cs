using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>A resource as the control endpoint describes it.</summary>
/// <param name="Name">Its name in the model.</param>
/// <param name="Type">project, executable, postgres, postgres_database, redis, rabbitmq, container, parameter or value.</param>
/// <param name="State">The state of its first instance; null before the first.</param>
/// <param name="Health">healthy, degraded or unhealthy; null while it does not run.</param>
/// <param name="MaterializedAs">process, container, embedded or value.</param>
/// <param name="Reason">Why so.</param>
/// <param name="Instances">What runs of it.</param>
/// <param name="Endpoints">Where it answers.</param>
/// <param name="ConnectionString">What its consumers get, secrets included; null when there is none.</param>
/// <param name="Explanation">Why it is not healthy, and what to do; null when it is. Of several instances, the first that is not.</param>
internal sealed record ControlledResource(
    string Name,
    string Type,
    string? State,
    string? Health,
    MaterializationKind? MaterializedAs,
    string? Reason,
    IReadOnlyList<ControlledInstance> Instances,
    IReadOnlyList<ControlledEndpoint> Endpoints,
    string? ConnectionString,
    ResourceExplanation? Explanation);

/// <summary>An instance: its process, and all processes that belong to it.</summary>
internal sealed record ControlledInstance(string Id, int? ProcessId, IReadOnlyList<int> ProcessIds, string? State, string? Health);

/// <summary>An address.</summary>
internal sealed record ControlledEndpoint(string Name, string Url);

/// <summary>The value of a parameter.</summary>
internal sealed record ControlledParameter(string Name, string Value);

/// <summary>All resources.</summary>
internal sealed record ControlledResourceList(IReadOnlyList<ControlledResource> Resources);

/// <summary>The resource that something was asked of, as it is at that moment.</summary>
internal sealed record ControlledResourceAnswer(ControlledResource Resource);

/// <summary>What the control endpoint says of resources.</summary>
internal sealed class ControlledResources(DistributedApplicationModel model, ResourceNotificationService notifications, LeftoverReaper processes, ResourceDescriber describer)
{
    internal async Task<ControlledResourceList> ListAsync(CancellationToken cancellationToken)
    {
        var all = new List<ControlledResource>();
        foreach (var resource in model.Resources)
        {
            all.Add(await DescribeAsync(resource, cancellationToken));
        }
        return new(all);
    }

    internal async Task<ControlledResource> DescribeAsync(IResource resource, CancellationToken cancellationToken)
    {
        var instances = resource.InstanceIds().Select(Describe).OfType<ControlledInstance>().ToArray();
        var materialized = resource.MaterializedAs();
        var isRun = materialized?.Kind is MaterializationKind.Process or MaterializationKind.Container;
        return new(
            resource.Name,
            TypeOf(resource),
            instances.FirstOrDefault()?.State,
            Array.Find(instances, instance => instance.Health is not (null or "healthy"))?.Health ?? instances.FirstOrDefault()?.Health,
            resource.IsEmbedded() ? MaterializationKind.Embedded : materialized?.Kind,
            materialized?.Reason,
            isRun ? instances : [],
            resource.IsEmbedded() ? [] : [.. resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.AllocatedEndpoint is not null).Select(endpoint => new ControlledEndpoint(endpoint.Name, endpoint.AllocatedEndpoint!.UriString))],
            await ConnectionStringAsync(resource, cancellationToken),
            resource.InstanceIds().Select(describer.Find).OfType<ResourceEvent>().Select(describer.Explain).FirstOrDefault(explanation => explanation is not null));
    }

    /// <summary>A parameter with a value; null when there is none.</summary>
    internal ControlledParameter? Parameter(string name)
    {
        try
        {
            return model.Resources.OfType<ParameterResource>().FirstOrDefault(one => string.Equals(one.Name, name, StringComparison.OrdinalIgnoreCase)) is { } parameter ? new(parameter.Name, parameter.Value) : null;
        }
        catch (MissingParameterValueException)
        {
            return null;
        }
    }

    internal string? StateOf(ResourceSupervisor supervisor) => notifications.TryGetCurrentState(supervisor.Instance.Id, out var known) ? known.Snapshot.State?.Text : null;

    /// <summary>Sends a signal to everything that belongs to the instance, its first process first; to what came meanwhile as well.</summary>
    internal void Signal(ResourceSupervisor supervisor, int signal)
    {
        var told = new HashSet<int>();
        for (var found = true; found;)
        {
            found = false;
            foreach (var id in processes.Of(supervisor.Instance.Id).OrderBy(id => id == supervisor.ProcessId ? 0 : 1).Where(told.Add).ToArray())
            {
                found = true;
                Offline.Signal.Send(id, signal);
            }
        }
    }

    private static string TypeOf(IResource resource) => resource switch
    {
        ProjectResource => "project",
        ExecutableResource => "executable",
        PostgresServerResource => "postgres",
        PostgresDatabaseResource => "postgres_database",
        RedisResource => "redis",
        RabbitMQServerResource => "rabbitmq",
        ParameterResource => "parameter",
        _ when resource.IsContainer() => "container",
        _ => "value",
    };

    private static async Task<string?> ConnectionStringAsync(IResource resource, CancellationToken cancellationToken)
    {
        if (resource.IsEmbedded() || resource is not IResourceWithConnectionString connected || resource.Annotations.OfType<EndpointAnnotation>().Any(endpoint => endpoint.AllocatedEndpoint is null))
        {
            return null;
        }
        try
        {
            return await connected.GetConnectionStringAsync(cancellationToken);
        }
        catch (MissingParameterValueException)
        {
            return null;
        }
    }

    private ControlledInstance? Describe(string id) => !notifications.TryGetCurrentState(id, out var known) ? null : new(
        id,
        known.Snapshot.Properties.Get(KnownProperties.ExecutablePid) as int?,
        processes.Of(id),
        known.Snapshot.State?.Text,
        known.Snapshot.HealthStatus?.ToString().ToLowerInvariant());
}
