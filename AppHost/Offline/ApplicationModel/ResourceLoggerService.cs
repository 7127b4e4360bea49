using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>A line of a resource's log, numbered from 1.</summary>
public readonly record struct LogLine(int LineNumber, string Content, bool IsErrorMessage);

/// <summary>Whether somebody reads a resource's log.</summary>
public readonly record struct LogSubscriber(string Name, bool AnySubscribers);

/// <summary>The log of every resource: what its process writes and what the host says about it. Thread-safe.</summary>
public class ResourceLoggerService : IDisposable
{
    private readonly ConcurrentDictionary<string, ResourceLog> logs = new(StringComparer.OrdinalIgnoreCase);
    private readonly Channel<LogSubscriber> subscriberChanges = Channel.CreateBounded<LogSubscriber>(new BoundedChannelOptions(256) { FullMode = BoundedChannelFullMode.DropOldest });

    internal TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>A logger whose lines appear in the resource's log.</summary>
    public ILogger GetLogger(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return new ResourceLogger([.. resource.InstanceIds().Select(Log)]);
    }

    /// <summary>A logger whose lines appear in the log of an instance.</summary>
    public ILogger GetLogger(string resourceName)
    {
        ArgumentException.ThrowIfNullOrEmpty(resourceName);
        return new ResourceLogger([Log(resourceName)]);
    }

    /// <summary>The lines kept so far, and then every new one.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return WatchAsync(resource.InstanceIds()[0]);
    }

    /// <summary>The lines kept so far of an instance, and then every new one.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> WatchAsync(string resourceName) => Log(resourceName).WatchAsync();

    /// <summary>The lines kept so far.</summary>
    public IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        return GetAllAsync(resource.InstanceIds()[0]);
    }

    /// <summary>The lines kept so far of an instance.</summary>
    public async IAsyncEnumerable<IReadOnlyList<LogLine>> GetAllAsync(string resourceName)
    {
        yield return await Task.FromResult(Log(resourceName).Lines());
    }

    /// <summary>Says when the first reader of a log comes and the last one goes.</summary>
    public async IAsyncEnumerable<LogSubscriber> WatchAnySubscribersAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await foreach (var change in subscriberChanges.Reader.ReadAllAsync(cancellationToken))
        {
            yield return change;
        }
    }

    /// <summary>Ends the log; its readers see the end.</summary>
    public void Complete(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        foreach (var id in resource.InstanceIds())
        {
            Complete(id);
        }
    }

    /// <summary>Ends the log of an instance; its readers see the end.</summary>
    public void Complete(string name) => Log(name).Complete();

    /// <summary>Forgets the lines kept so far.</summary>
    public void ClearBacklog(string resourceName) => Log(resourceName).Clear();

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var log in logs.Values)
        {
            log.Complete();
        }
        subscriberChanges.Writer.TryComplete();
        GC.SuppressFinalize(this);
    }

    internal ResourceLog Log(string resourceId) =>
        logs.GetOrAdd(resourceId, id => new ResourceLog(any => subscriberChanges.Writer.TryWrite(new(id, any)), Time));
}
