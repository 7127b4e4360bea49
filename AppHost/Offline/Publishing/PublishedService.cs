using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>One container of a deployment, or several equal ones.</summary>
internal sealed record PublishedService
{
    internal required IResource Resource { get; init; }

    internal string Name => Resource.Name;

    /// <summary>The image; null for a project, whose image is built.</summary>
    internal string? Image { get; init; }

    internal string? Entrypoint { get; init; }

    internal required IReadOnlyList<PublishedText> Arguments { get; init; }

    internal required IReadOnlyList<(string Name, PublishedText Value)> Environment { get; init; }

    internal required IReadOnlyList<PublishedPort> Ports { get; init; }

    internal required IReadOnlyList<ContainerMountAnnotation> Mounts { get; init; }

    internal required IReadOnlyList<WaitAnnotation> Waits { get; init; }

    internal int Replicas { get; init; } = 1;

    /// <summary>Whether it starts only when it is told to.</summary>
    internal bool IsExplicit { get; init; }

    /// <summary>Whether others wait for its end: it does a piece of work and does not serve.</summary>
    internal bool IsJob { get; init; }

    /// <summary>Whether it does work that nobody reaches it for, so that there may be more or fewer of it.</summary>
    internal bool IsWorker { get; init; }

    /// <summary>How to find out whether it is healthy; null when there is no way.</summary>
    internal ServiceProbe? Probe { get; init; }

    internal bool IsProject => Resource is ProjectResource;

    internal IEnumerable<PublishedText> Texts => Environment.Select(variable => variable.Value).Concat(Arguments);

    internal IReadOnlyDictionary<string, PublishedText> Variables => Environment.ToDictionary(variable => variable.Name, variable => variable.Value);
}

/// <summary>An application as a deployment sees it: containers, their order, and the parameters they need.</summary>
internal sealed record PublishedApplication(string Name, IReadOnlyList<PublishedService> Services)
{
    /// <summary>Every parameter that some container needs, each once.</summary>
    internal IReadOnlyList<ParameterResource> Parameters { get; } =
        [.. Services.SelectMany(service => service.Texts).SelectMany(text => text.Parameters).DistinctBy(parameter => parameter.Name, StringComparer.OrdinalIgnoreCase)];

    internal PublishedService? Find(IResource resource) => Services.FirstOrDefault(service => ReferenceEquals(service.Resource, resource));
}
