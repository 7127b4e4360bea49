using System.Collections;
using System.Collections.Concurrent;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>Describes instances for people: what they are, how they stand, and why.</summary>
internal sealed class ResourceDescriber(
    DistributedApplicationModel model, ResourceNotificationService notifications, ResourceLoggerService loggers, ResourceHistory history, IServiceProvider services)
{
    private const int LinesRead = 200;

    // Many browsers may ask many times a second; what has not changed is not described again.
    private readonly ConcurrentDictionary<string, (object?[] Key, ResourceView View)> described = new(StringComparer.Ordinal);

    /// <summary>All instances, in the order of the model.</summary>
    internal IReadOnlyList<ResourceView> List() => [.. model.Resources.SelectMany(resource => resource.InstanceIds().Select(Find).OfType<ResourceEvent>()).Select(Describe)];

    /// <summary>An instance by its id, or a resource with one instance by its name.</summary>
    internal ResourceEvent? Find(string id) => notifications.TryGetCurrentState(id, out var known) && model.Resources.Contains(known.Resource) ? known : null;

    internal ResourceDetailView Detail(ResourceEvent known) => new(
        Describe(known),
        [.. known.Snapshot.Properties.Where(property => property.Value is not null).Select(property => View(property.Name, TextOf(property.Value), property.IsSensitive))],
        [.. known.Snapshot.EnvironmentVariables.OrderBy(variable => variable.Name, StringComparer.Ordinal).Select(variable => View(variable.Name, variable.SecretValue ?? variable.Value, variable.SecretValue is not null))],
        [.. VolumesOf(known)],
        [.. known.Snapshot.HealthReports.Select(report => new HealthReportView(report.Name, report.Status?.ToString().ToLowerInvariant(), report.Description, report.ExceptionText, report.LastRunAt))],
        [.. WaitsOf(known.Resource).Select(wait => new WaitView(wait.Name, WordOf(wait.Type), wait.Snapshot?.State?.Text, wait.Snapshot?.HealthStatus?.ToString().ToLowerInvariant()))],
        [.. model.Resources.SelectMany(other => RelationsOf(other).Where(relation => relation.Name == known.Resource.Name).Select(relation => new RelationshipView(other.Name, relation.Type)))],
        history.ChangesOf(known.ResourceId));

    /// <summary>A value that is masked, by where it stands and its name; null when there is none.</summary>
    internal static string? Reveal(ResourceEvent known, string kind, string name) => kind switch
    {
        "environment" => known.Snapshot.EnvironmentVariables.Where(variable => variable.Name == name).Select(variable => variable.SecretValue ?? variable.Value).FirstOrDefault(),
        "property" => TextOf(known.Snapshot.Properties.Get(name)),
        _ => null,
    };

    /// <summary>Why the instance is not healthy; null when it is.</summary>
    internal ResourceExplanation? Explain(ResourceEvent known)
    {
        var log = loggers.Log(known.ResourceId);
        return ResourceExplainer.Explain(new(
            known.Resource.Name,
            known.ResourceId,
            known.Snapshot,
            [.. WaitsOf(known.Resource)],
            history.ChangesOf(known.ResourceId),
            history.LastRequestOf(known.ResourceId),
            log.Since(log.Count - LinesRead, LinesRead),
            (known.Resource as IResourceWithParent)?.Parent.Name));
    }

    /// <summary>The instance as it is; the same object as before when nothing changed.</summary>
    internal ResourceView Describe(ResourceEvent known)
    {
        var key = KeyOf(known);
        if (described.TryGetValue(known.ResourceId, out var before) && before.Key.SequenceEqual(key, ReferenceOrNumber.Instance))
        {
            return before.View;
        }
        var view = Make(known);
        described[known.ResourceId] = (key, view);
        return view;
    }

    // A healthy instance is not explained, so its log does not matter.
    private object?[] KeyOf(ResourceEvent known) =>
    [
        known.Snapshot,
        known.Snapshot.HealthStatus == HealthStatus.Healthy ? 0 : loggers.Log(known.ResourceId).Count,
        history.ChangesOf(known.ResourceId) is [.., var change] ? change : null,
        history.LastRequestOf(known.ResourceId),
        .. WaitsOf(known.Resource).Select(wait => wait.Snapshot),
    ];

    private ResourceView Make(ResourceEvent known)
    {
        var (resource, snapshot) = (known.Resource, known.Snapshot);
        var ids = resource.InstanceIds();
        var materialized = resource.MaterializedAs();
        return new(
            known.ResourceId,
            resource.Name,
            ids.Count > 1 ? ids.ToList().IndexOf(known.ResourceId) + 1 : null,
            snapshot.ResourceType,
            resource.IsEmbedded() ? MaterializationKind.Embedded : materialized?.Kind,
            materialized?.Reason,
            snapshot.State?.Text,
            snapshot.HealthStatus?.ToString().ToLowerInvariant(),
            snapshot.ExitCode,
            ResourceExplainer.SinceOf(history.ChangesOf(known.ResourceId)),
            snapshot.StartTimeStamp,
            snapshot.StopTimeStamp,
            SourceOf(resource, snapshot),
            snapshot.Properties.Get(KnownProperties.ExecutablePid) as int?,
            (resource as IResourceWithParent)?.Parent.Name,
            snapshot.IsHidden,
            resource.Annotations.OfType<ResourceInstancesAnnotation>().Any(),
            [.. UrlsOf(snapshot)],
            [.. RelationsOf(resource)],
            [.. CommandsOf(resource, snapshot)],
            Explain(known));
    }

    private IEnumerable<CommandView> CommandsOf(IResource resource, CustomResourceSnapshot snapshot) =>
        from command in resource.Annotations.OfType<ResourceCommandAnnotation>()
        let state = command.UpdateState(new() { ResourceSnapshot = snapshot, ServiceProvider = services })
        where state != ResourceCommandState.Hidden
        select new CommandView(command.Name, command.DisplayName, command.DisplayDescription, command.ConfirmationMessage, state == ResourceCommandState.Enabled, command.IsHighlighted, [.. InputsOf(resource, command)]);

    private static IEnumerable<CommandInputView> InputsOf(IResource resource, ResourceCommandAnnotation command) =>
        resource is ParameterResource parameter && command.Name == ParameterValues.SetCommand ? [new(ParameterValues.ValueInput, $"Value of {parameter.Name}", parameter.Secret)] : [];

    private IEnumerable<AwaitedInstance> WaitsOf(IResource resource) =>
        from wait in resource.Annotations.OfType<WaitAnnotation>().DistinctBy(wait => (wait.Resource, wait.WaitType))
        where wait.Resource is not IResourceWithoutLifetime
        from id in wait.Resource.InstanceIds()
        select new AwaitedInstance(
            wait.Resource.Name, wait.WaitType, notifications.TryGetCurrentState(id, out var known) ? known.Snapshot : null, ResourceExplainer.SinceOf(history.ChangesOf(id)));

    private static IEnumerable<RelationshipView> RelationsOf(IResource resource)
    {
        var declared = resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(relation => new RelationshipView(relation.Resource.Name, relation.Type));
        var parent = resource is IResourceWithParent child ? [new RelationshipView(child.Parent.Name, KnownRelationshipTypes.Parent)] : Array.Empty<RelationshipView>();
        return declared.Concat(parent).Where(relation => relation.Name != resource.Name).Distinct();
    }

    private static IEnumerable<UrlView> UrlsOf(CustomResourceSnapshot snapshot)
    {
        foreach (var url in snapshot.Urls.Where(url => !url.IsInternal).OrderByDescending(url => url.DisplayProperties.SortOrder))
        {
            var text = url.DisplayProperties.DisplayName is { Length: > 0 } shown ? shown : url.Url;
            yield return new(url.Name, url.Url, text, Uri.TryCreate(url.Url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https");
        }
    }

    private static IEnumerable<VolumeView> VolumesOf(ResourceEvent known) => known.Snapshot.Volumes.Select(volume => new VolumeView(volume.Source, volume.Target, volume.MountType, volume.IsReadOnly))
        .Concat(known.Resource.Annotations.OfType<ContainerMountAnnotation>().Select(mount => new VolumeView(mount.Source, mount.Target, mount.Type.ToString(), mount.IsReadOnly)))
        .Distinct();

    private static string? SourceOf(IResource resource, CustomResourceSnapshot snapshot) => resource switch
    {
        _ when snapshot.Properties.Get(KnownProperties.Source) is string source => source,
        ProjectResource project => Path.GetFileName(project.GetProjectMetadata().ProjectPath),
        ExecutableResource executable => executable.Command,
        _ when resource.TryGetContainerImageName(out var image) => image,
        _ => null,
    };

    private static ValueView View(string name, string? value, bool isSensitive) =>
        SecretMask.Hides(name, value, isSensitive) && value is { Length: > 0 } ? new(name, Value: null, IsMasked: true) : new(name, value, IsMasked: false);

    private static string WordOf(WaitType type) => type switch
    {
        WaitType.WaitForCompletion => "completed",
        WaitType.WaitUntilStarted => "running",
        _ => "healthy",
    };

    private static string? TextOf(object? value) => value switch
    {
        null => null,
        string text => text,
        DateTime time => time.ToString("O", CultureInfo.InvariantCulture),
        IEnumerable many => string.Join(' ', many.Cast<object?>().Select(TextOf)),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture),
    };

    private sealed class ReferenceOrNumber : IEqualityComparer<object?>
    {
        internal static readonly ReferenceOrNumber Instance = new();

        public new bool Equals(object? one, object? other) => ReferenceEquals(one, other) || (one is int number && other is int same && number == same);

        public int GetHashCode(object? one) => 0;
    }
}
