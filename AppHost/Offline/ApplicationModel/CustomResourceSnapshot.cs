using System.Collections.Immutable;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>What is known of a resource at one moment.</summary>
public sealed record CustomResourceSnapshot
{
    private readonly ResourceStateSnapshot? state;

    /// <summary>Project, Container, Executable, Parameter or another word.</summary>
    public required string ResourceType { get; init; }

    /// <summary>Everything else, by name.</summary>
    public required ImmutableArray<ResourcePropertySnapshot> Properties { get; init; }

    /// <summary>When it was created, in UTC.</summary>
    public DateTime? CreationTimeStamp { get; init; }

    /// <summary>When it started, in UTC.</summary>
    public DateTime? StartTimeStamp { get; init; }

    /// <summary>When it ended, in UTC; null while it runs.</summary>
    public DateTime? StopTimeStamp { get; init; }

    /// <summary>The state; null before the first.</summary>
    public ResourceStateSnapshot? State
    {
        get => state;
        init
        {
            state = value;
            HealthStatus = HealthOf(value?.Text, HealthReports);
        }
    }

    /// <summary>The exit code of the last run; null while it runs.</summary>
    public int? ExitCode { get; init; }

    /// <summary>The worst of <see cref="HealthReports"/>; null unless it runs.</summary>
    public HealthStatus? HealthStatus { get; private init; }

    /// <summary>The result of each health check.</summary>
    public ImmutableArray<HealthReportSnapshot> HealthReports
    {
        get;
        internal init
        {
            field = value;
            HealthStatus = HealthOf(state?.Text, value);
        }
    } = [];

    /// <summary>The environment it was started with.</summary>
    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; init; } = [];

    /// <summary>Its URLs.</summary>
    public ImmutableArray<UrlSnapshot> Urls { get; init; } = [];

    /// <summary>What is mounted in it.</summary>
    public ImmutableArray<VolumeSnapshot> Volumes { get; init; } = [];

    /// <summary>What can be done to it.</summary>
    public ImmutableArray<ResourceCommandSnapshot> Commands { get; init; } = [];

    /// <summary>Its relations to others.</summary>
    public ImmutableArray<RelationshipSnapshot> Relationships { get; init; } = [];

    /// <summary>Whether lists leave it out.</summary>
    public bool IsHidden { get; init; }

    /// <summary>Its icon; null for the usual one.</summary>
    public string? IconName { get; init; }

    /// <summary>The style of the icon.</summary>
    public IconVariant? IconVariant { get; init; }

    // Completes when the subscribers of the ready event are done.
    internal Task? ReadyEventHandled { get; init; }

    private static HealthStatus? HealthOf(string? state, ImmutableArray<HealthReportSnapshot> reports)
    {
        if (state != KnownResourceStates.Running)
        {
            return null;
        }
        return reports.IsEmpty
            ? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Healthy
            : reports.Min(report => report.Status ?? Microsoft.Extensions.Diagnostics.HealthChecks.HealthStatus.Unhealthy);
    }
}

/// <summary>A state and how it is shown.</summary>
public sealed record ResourceStateSnapshot(string Text, string? Style)
{
    /// <summary>A state shown as usual.</summary>
    public static implicit operator ResourceStateSnapshot?(string? s) => s is null ? null : new(s, Style: null);
}

/// <summary>A property of a snapshot.</summary>
public sealed record ResourcePropertySnapshot(string Name, object? Value)
{
    /// <summary>Whether the value must not be shown.</summary>
    public bool IsSensitive { get; init; }
}

/// <summary>The result of a health check; a null status means that it has not run yet.</summary>
public sealed record HealthReportSnapshot(string Name, HealthStatus? Status, string? Description, string? ExceptionText)
{
    /// <summary>When it last ran, in UTC.</summary>
    public DateTime? LastRunAt { get; init; }
}

/// <summary>An environment variable.</summary>
public sealed record EnvironmentVariableSnapshot(string Name, string? Value, bool IsFromSpec)
{
    // The value when a secret is in it, which then is not told by the public one; for the owner who asks for it.
    internal string? SecretValue { get; init; }
}

/// <summary>A URL.</summary>
public sealed record UrlSnapshot(string? Name, string Url, bool IsInternal)
{
    /// <summary>Whether nothing answers there at the moment.</summary>
    public bool IsInactive { get; init; }

    /// <summary>How it is shown.</summary>
    public UrlDisplayPropertiesSnapshot DisplayProperties { get; init; } = new();
}

/// <summary>How a URL is shown.</summary>
public sealed record UrlDisplayPropertiesSnapshot(string DisplayName = "", int SortOrder = 0);

/// <summary>Something mounted in a container.</summary>
public sealed record VolumeSnapshot(string? Source, string Target, string MountType, bool IsReadOnly);

/// <summary>A relation to another resource.</summary>
public sealed record RelationshipSnapshot(string ResourceName, string Type);

/// <summary>A command and whether it can be used now.</summary>
public sealed record ResourceCommandSnapshot(
    string Name,
    ResourceCommandState State,
    string DisplayName,
    string? DisplayDescription,
    object? Parameter,
    string? ConfirmationMessage,
    string? IconName,
    IconVariant? IconVariant,
    bool IsHighlighted);

/// <summary>The state a resource has before anything happened to it.</summary>
public class ResourceSnapshotAnnotation(CustomResourceSnapshot initialSnapshot) : IResourceAnnotation
{
    /// <summary>The state.</summary>
    public CustomResourceSnapshot InitialSnapshot { get; } = initialSnapshot;
}
