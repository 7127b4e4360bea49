using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>How the host makes a resource real.</summary>
internal enum MaterializationKind
{
    /// <summary>A child process.</summary>
    Process,

    /// <summary>A container of docker or podman.</summary>
    Container,

    /// <summary>Nothing is started: its consumers use what they have built in.</summary>
    Embedded,

    /// <summary>A value, such as a parameter: nothing to start.</summary>
    Value,
}

/// <summary>How the host makes the resource real, and why so.</summary>
internal sealed class MaterializationAnnotation(MaterializationKind kind, string reason) : IResourceAnnotation
{
    internal MaterializationKind Kind { get; } = kind;

    internal string Reason { get; } = reason;
}

/// <summary>Reads the annotation.</summary>
internal static class Materialization
{
    internal static MaterializationAnnotation? MaterializedAs(this IResource resource) => resource.Annotations.OfType<MaterializationAnnotation>().LastOrDefault();

    /// <summary>Whether the resource, or one it belongs to, is embedded.</summary>
    internal static bool IsEmbedded(this IResource resource) =>
        resource.SelfAndAncestors().Any(one => one.MaterializedAs()?.Kind == MaterializationKind.Embedded);
}
