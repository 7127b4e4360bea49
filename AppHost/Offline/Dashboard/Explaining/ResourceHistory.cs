using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.Offline;

/// <summary>A change of an instance.</summary>
/// <param name="At">When.</param>
/// <param name="State">The state it got into; null before the first.</param>
/// <param name="Health">healthy, degraded or unhealthy; null while it does not run.</param>
/// <param name="Reason">Why, as far as it is known: an exit code, what a check said, who asked; null when there is nothing to say.</param>
internal sealed record ResourceChange(DateTimeOffset At, string? State, string? Health, string? Reason);

/// <summary>That somebody asked for something.</summary>
/// <param name="At">When.</param>
/// <param name="Command">start, stop, restart or another command.</param>
/// <param name="By">Where, in words: in the dashboard, at the control endpoint.</param>
internal sealed record ResourceRequest(DateTimeOffset At, string Command, string By);

/// <summary>Remembers how each instance came into its state: the last changes of state and health with their reasons, and who asked for what. Thread-safe.</summary>
internal sealed class ResourceHistory(ResourceNotificationService notifications, TimeProvider time)
{
    private const int ChangesKept = 100;

    private readonly ConcurrentDictionary<string, Story> stories = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Listens until the application ends.</summary>
    internal async Task RunAsync(CancellationToken applicationEnds)
    {
        await foreach (var change in notifications.WatchAsync(applicationEnds))
        {
            Note(change);
        }
    }

    internal void Note(ResourceEvent change)
    {
        var story = stories.GetOrAdd(change.ResourceId, _ => new Story());
        var snapshot = change.Snapshot;
        var (state, health) = (snapshot.State?.Text, snapshot.HealthStatus?.ToString().ToLowerInvariant());
        lock (story)
        {
            if (story.Changes.LastOrDefault() is { } last && last.State == state && last.Health == health)
            {
                return;
            }
            story.Changes.Add(new(time.GetUtcNow(), state, health, ReasonOf(snapshot, story)));
            if (story.Changes.Count > ChangesKept)
            {
                story.Changes.RemoveAt(0);
            }
        }
    }

    /// <summary>Notes that somebody asks for a command, before it is done.</summary>
    internal void NoteRequest(string resourceId, string command, string by)
    {
        var story = stories.GetOrAdd(resourceId, _ => new Story());
        lock (story)
        {
            story.LastRequest = new(time.GetUtcNow(), command, by);
        }
    }

    /// <summary>The changes of an instance, oldest first.</summary>
    internal IReadOnlyList<ResourceChange> ChangesOf(string resourceId)
    {
        if (!stories.TryGetValue(resourceId, out var story))
        {
            return [];
        }
        lock (story)
        {
            return [.. story.Changes];
        }
    }

    /// <summary>What was asked for last; null when nobody asked for anything.</summary>
    internal ResourceRequest? LastRequestOf(string resourceId)
    {
        if (!stories.TryGetValue(resourceId, out var story))
        {
            return null;
        }
        lock (story)
        {
            return story.LastRequest;
        }
    }

    private static string? ReasonOf(CustomResourceSnapshot snapshot, Story story) => snapshot switch
    {
        { State.Text: "Waiting" } => $"waits for {snapshot.Properties.Get(KnownProperties.WaitingFor)}",
        { State.Text: "Stopping" } => story.LastRequest is { Command: "stop" or "restart" } request ? $"the command {request.Command} was given {request.By}" : "it was told to stop",
        { State.Text: "Running", HealthStatus: HealthStatus.Unhealthy or HealthStatus.Degraded } => HealthReasonOf(snapshot),
        { ExitCode: { } code } => ExitCode.Describe(code),
        _ => null,
    };

    private static string? HealthReasonOf(CustomResourceSnapshot snapshot)
    {
        var failing = snapshot.HealthReports.FirstOrDefault(report => report.Status is not (null or HealthStatus.Healthy));
        return failing is null ? "not checked yet" : failing.Description ?? failing.Name;
    }

    private sealed class Story
    {
        internal List<ResourceChange> Changes { get; } = [];

        internal ResourceRequest? LastRequest { get; set; }
    }
}
