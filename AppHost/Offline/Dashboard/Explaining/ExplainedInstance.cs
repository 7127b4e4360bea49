using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>All that an explanation is made of: what is known of one instance at one moment.</summary>
/// <param name="Name">The resource.</param>
/// <param name="Id">The instance.</param>
/// <param name="Snapshot">Its state.</param>
/// <param name="Waits">What the resource was told to wait for, and how that stands.</param>
/// <param name="Changes">How it came into its state, oldest first.</param>
/// <param name="Request">What somebody asked for last; null when nobody did.</param>
/// <param name="Lines">The last lines of its log, oldest first.</param>
/// <param name="Parent">The resource it belongs to; null when it stands for itself.</param>
internal sealed record ExplainedInstance(
    string Name,
    string Id,
    CustomResourceSnapshot Snapshot,
    IReadOnlyList<AwaitedInstance> Waits,
    IReadOnlyList<ResourceChange> Changes,
    ResourceRequest? Request,
    IReadOnlyList<StampedLine> Lines,
    string? Parent);

/// <summary>An instance that is waited for.</summary>
/// <param name="Name">The resource.</param>
/// <param name="Type">What of it is awaited.</param>
/// <param name="Snapshot">Its state; null before the first.</param>
/// <param name="Since">Since when; null when that is not known.</param>
internal sealed record AwaitedInstance(string Name, WaitType Type, CustomResourceSnapshot? Snapshot, DateTimeOffset? Since);
