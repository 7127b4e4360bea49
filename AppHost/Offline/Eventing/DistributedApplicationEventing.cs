using System.Collections.Concurrent;
using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Eventing;

/// <inheritdoc cref="IDistributedApplicationEventing"/>
public class DistributedApplicationEventing : IDistributedApplicationEventing
{
    private readonly ConcurrentDictionary<Type, ImmutableList<DistributedApplicationEventSubscription>> subscriptions = new();

    /// <inheritdoc/>
    public DistributedApplicationEventSubscription Subscribe<T>(Func<T, CancellationToken, Task> callback) where T : IDistributedApplicationEvent
    {
        ArgumentNullException.ThrowIfNull(callback);
        return Add<T>(new DistributedApplicationEventSubscription((@event, cancellationToken) => callback((T)@event, cancellationToken)));
    }

    /// <inheritdoc/>
    public DistributedApplicationEventSubscription Subscribe<T>(IResource resource, Func<T, CancellationToken, Task> callback) where T : IDistributedApplicationResourceEvent
    {
        ArgumentNullException.ThrowIfNull(resource);
        ArgumentNullException.ThrowIfNull(callback);
        return Add<T>(new DistributedApplicationResourceEventSubscription(
            resource,
            (@event, cancellationToken) => ReferenceEquals(@event.Resource, resource) ? callback((T)@event, cancellationToken) : Task.CompletedTask));
    }

    /// <inheritdoc/>
    public void Unsubscribe(DistributedApplicationEventSubscription subscription)
    {
        foreach (var type in subscriptions.Keys)
        {
            subscriptions.AddOrUpdate(type, [], (_, existing) => existing.Remove(subscription));
        }
    }

    /// <inheritdoc/>
    public Task PublishAsync<T>(T @event, CancellationToken cancellationToken = default) where T : IDistributedApplicationEvent =>
        PublishAsync(@event, EventDispatchBehavior.BlockingSequential, cancellationToken);

    /// <inheritdoc/>
    public Task PublishAsync<T>(T @event, EventDispatchBehavior dispatchBehavior, CancellationToken cancellationToken = default) where T : IDistributedApplicationEvent
    {
        ArgumentNullException.ThrowIfNull(@event);
        if (!subscriptions.TryGetValue(typeof(T), out var subscribers) || subscribers.IsEmpty)
        {
            return Task.CompletedTask;
        }
        switch (dispatchBehavior)
        {
            case EventDispatchBehavior.BlockingConcurrent:
                return Task.WhenAll(subscribers.Select(subscriber => subscriber.Callback(@event, cancellationToken)));
            case EventDispatchBehavior.NonBlockingConcurrent:
                foreach (var subscriber in subscribers)
                {
                    _ = Task.Run(() => subscriber.Callback(@event, cancellationToken), CancellationToken.None);
                }
                return Task.CompletedTask;
            case EventDispatchBehavior.NonBlockingSequential:
                _ = Task.Run(() => OneByOneAsync(@event, subscribers, cancellationToken), CancellationToken.None);
                return Task.CompletedTask;
            default:
                return OneByOneAsync(@event, subscribers, cancellationToken);
        }
    }

    private static async Task OneByOneAsync<T>(T @event, ImmutableList<DistributedApplicationEventSubscription> subscribers, CancellationToken cancellationToken)
        where T : IDistributedApplicationEvent
    {
        foreach (var subscriber in subscribers)
        {
            await subscriber.Callback(@event, cancellationToken);
        }
    }

    private DistributedApplicationEventSubscription Add<T>(DistributedApplicationEventSubscription subscription)
    {
        subscriptions.AddOrUpdate(typeof(T), [subscription], (_, existing) => existing.Add(subscription));
        return subscription;
    }
}
