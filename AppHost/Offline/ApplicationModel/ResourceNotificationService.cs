using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The state of every resource: who changes it publishes it here, who wants to know watches it here. Thread-safe.</summary>
public partial class ResourceNotificationService : IDisposable
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, ResourceEvent> latest = new(StringComparer.OrdinalIgnoreCase);
    private readonly ConcurrentDictionary<Channel<ResourceEvent>, byte> watchers = new();
    private readonly CancellationTokenSource disposing = new();
    private readonly IHostApplicationLifetime hostApplicationLifetime;
    private readonly ILogger logger;

    /// <summary>States of an application that may stop.</summary>
    public ResourceNotificationService(ILogger<ResourceNotificationService> logger, IHostApplicationLifetime hostApplicationLifetime)
    {
        this.logger = logger;
        this.hostApplicationLifetime = hostApplicationLifetime;
    }

    internal WaitBehavior DefaultWaitBehavior { get; init; }

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Changes the state of a resource; of all its instances when it has several.</summary>
    public async Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        ArgumentNullException.ThrowIfNull(resource);
        foreach (var id in resource.InstanceIds())
        {
            await PublishUpdateAsync(resource, id, stateFactory);
        }
    }

    /// <summary>Changes the state of one instance.</summary>
    public Task PublishUpdateAsync(IResource resource, string resourceId, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(stateFactory);
        lock (gate)
        {
            var before = latest.TryGetValue(resourceId, out var known) ? known.Snapshot : FirstSnapshot(resource);
            var after = new ResourceEvent(resource, resourceId, stateFactory(before));
            latest[resourceId] = after;
            foreach (var watcher in watchers.Keys)
            {
                watcher.Writer.TryWrite(after);
            }
            if (before.State?.Text != after.Snapshot.State?.Text)
            {
                LogState(resourceId, before.State?.Text ?? "new", after.Snapshot.State?.Text ?? "unknown");
            }
        }
        return Task.CompletedTask;
    }

    /// <summary>The state of an instance, or of a resource with one instance, by id or name.</summary>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (gate)
        {
            if (latest.TryGetValue(resourceId, out resourceEvent))
            {
                return true;
            }
            var ofResource = latest.Values.Where(known => NameEquals(known.Resource, resourceId)).Take(2).ToArray();
            resourceEvent = ofResource.Length == 1 ? ofResource[0] : null;
            return resourceEvent is not null;
        }
    }

    /// <summary>The state every instance is in, and then every change.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, disposing.Token);
        var channel = Channel.CreateUnbounded<ResourceEvent>(new() { SingleReader = true });
        lock (gate)
        {
            foreach (var known in latest.Values)
            {
                channel.Writer.TryWrite(known);
            }
            watchers[channel] = 0;
        }
        try
        {
            await foreach (var change in channel.Reader.ReadAllAsync(stop.Token))
            {
                yield return change;
            }
        }
        finally
        {
            watchers.TryRemove(channel, out _);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        disposing.Cancel();
        disposing.Dispose();
        GC.SuppressFinalize(this);
    }

    internal IReadOnlyList<ResourceEvent> Current()
    {
        lock (gate)
        {
            return [.. latest.Values];
        }
    }

    private static bool NameEquals(IResource resource, string name) => string.Equals(resource.Name, name, StringComparison.OrdinalIgnoreCase);

    private CustomResourceSnapshot FirstSnapshot(IResource resource) =>
        resource.Annotations.OfType<ResourceSnapshotAnnotation>().LastOrDefault()?.InitialSnapshot ?? new()
        {
            ResourceType = KnownResourceTypes.Of(resource),
            Properties = [],
            CreationTimeStamp = Time.GetUtcNow().UtcDateTime,
            Relationships = [.. resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(one => new RelationshipSnapshot(one.Resource.Name, one.Type)).Distinct()],
        };

    [LoggerMessage(Level = LogLevel.Debug, Message = "{Resource}: {Before} -> {After}")]
    private partial void LogState(string resource, string before, string after);
}

/// <summary>How waiting behaves unless a wait says otherwise.</summary>
public sealed class ResourceNotificationServiceOptions
{
    /// <summary>What a wait does when the resource is not available.</summary>
    /// <value>Default <see cref="WaitBehavior.WaitOnResourceUnavailable"/>.</value>
    public WaitBehavior DefaultWaitBehavior { get; set; }
}
