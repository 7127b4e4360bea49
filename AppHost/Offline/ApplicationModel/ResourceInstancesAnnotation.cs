namespace Aspire.Hosting.ApplicationModel;

/// <summary>The ids of the instances the host runs of a resource: one, or as many as it has replicas.</summary>
internal sealed class ResourceInstancesAnnotation(IReadOnlyList<string> instanceIds) : IResourceAnnotation
{
    internal IReadOnlyList<string> InstanceIds { get; } = instanceIds;
}

/// <summary>Reads the annotation.</summary>
internal static class ResourceInstances
{
    /// <summary>The ids; the name alone for a resource the host does not run.</summary>
    internal static IReadOnlyList<string> InstanceIds(this IResource resource) =>
        resource.Annotations.OfType<ResourceInstancesAnnotation>().LastOrDefault()?.InstanceIds ?? [resource.Name];
}
