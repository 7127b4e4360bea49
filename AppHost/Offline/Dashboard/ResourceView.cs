namespace Aspire.Hosting.Offline;

/// <summary>An instance of a resource as the dashboard's list shows it.</summary>
/// <param name="Id">The instance; addresses of the API and the pages use it.</param>
/// <param name="Name">The resource.</param>
/// <param name="Replica">Which of several instances it is, from 1; null when there is only one.</param>
/// <param name="Type">Project, Executable, Container, Parameter or another word.</param>
/// <param name="Kind">process, container, embedded or value; null before that is decided.</param>
/// <param name="KindReason">Why it is made real so.</param>
/// <param name="State">The state; null before the first.</param>
/// <param name="Health">healthy, degraded or unhealthy; null while it does not run.</param>
/// <param name="ExitCode">The exit code of the last run; null while it runs.</param>
/// <param name="Since">Since when state and health are what they are.</param>
/// <param name="StartedAt">When it last started.</param>
/// <param name="StoppedAt">When it ended; null while it runs.</param>
/// <param name="Source">Where it comes from: a project file, an image, a command.</param>
/// <param name="ProcessId">Its process; null when it has none.</param>
/// <param name="Parent">The resource it belongs to; null when it stands for itself.</param>
/// <param name="IsHidden">Whether the list leaves it out unless asked.</param>
/// <param name="HasLog">Whether it has a console log.</param>
/// <param name="Urls">Where people and programs reach it.</param>
/// <param name="Relationships">Its relations to others.</param>
/// <param name="Commands">What can be done to it.</param>
/// <param name="Explanation">Why it is not healthy; null when it is.</param>
internal sealed record ResourceView(
    string Id,
    string Name,
    int? Replica,
    string Type,
    MaterializationKind? Kind,
    string? KindReason,
    string? State,
    string? Health,
    int? ExitCode,
    DateTimeOffset? Since,
    DateTime? StartedAt,
    DateTime? StoppedAt,
    string? Source,
    int? ProcessId,
    string? Parent,
    bool IsHidden,
    bool HasLog,
    IReadOnlyList<UrlView> Urls,
    IReadOnlyList<RelationshipView> Relationships,
    IReadOnlyList<CommandView> Commands,
    ResourceExplanation? Explanation);

/// <summary>A URL. What is not http is an address to copy, not a link.</summary>
internal sealed record UrlView(string? Name, string Url, string Text, bool IsLink);

/// <summary>A relation: Reference, WaitFor, Parent or another word.</summary>
internal sealed record RelationshipView(string Name, string Type);

/// <summary>A command and whether it can be used now.</summary>
internal sealed record CommandView(string Name, string DisplayName, string? Description, string? Confirmation, bool IsEnabled, bool IsHighlighted, IReadOnlyList<CommandInputView> Inputs);

/// <summary>A value that a command is given.</summary>
internal sealed record CommandInputView(string Name, string Label, bool IsSecret);

/// <summary>Everything about an instance.</summary>
internal sealed record ResourceDetailView(
    ResourceView Resource,
    IReadOnlyList<ValueView> Properties,
    IReadOnlyList<ValueView> Environment,
    IReadOnlyList<VolumeView> Volumes,
    IReadOnlyList<HealthReportView> HealthReports,
    IReadOnlyList<WaitView> Waits,
    IReadOnlyList<RelationshipView> ReferencedBy,
    IReadOnlyList<ResourceChange> History);

/// <summary>A named value. A masked one is told only when somebody asks for that very one.</summary>
internal sealed record ValueView(string Name, string? Value, bool IsMasked);

/// <summary>Something mounted in a container.</summary>
internal sealed record VolumeView(string? Source, string Target, string Type, bool IsReadOnly);

/// <summary>What a health check says; a null status means that it did not run yet.</summary>
internal sealed record HealthReportView(string Name, string? Status, string? Description, string? Exception, DateTime? LastRunAt);

/// <summary>Something the resource was told to wait for.</summary>
internal sealed record WaitView(string Name, string Condition, string? State, string? Health);
