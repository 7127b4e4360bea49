using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Publishes the states of resources that need no start: parameters, connection strings, services outside, children of others.</summary>
internal sealed partial class ValueResources(
    ResourceNotificationService notifications, IDistributedApplicationEventing eventing, IServiceProvider services, ILogger<ValueResources> logger)
{
    internal Task PublishAsync(IResource resource, CancellationToken cancellationToken) => resource switch
    {
        ParameterResource parameter => PublishParameterAsync(parameter),
        IResourceWithParent child => FollowParentAsync(child, cancellationToken),
        // Who said how it begins says how it goes on.
        _ when resource.HasAnnotationOfType<ResourceSnapshotAnnotation>() => PublishBeginningAsync(resource),
        _ => PublishReadyAsync(resource, cancellationToken),
    };

    private async Task PublishParameterAsync(ParameterResource parameter)
    {
        try
        {
            var value = parameter.Value;
            await notifications.PublishUpdateAsync(parameter, snapshot => snapshot with
            {
                State = KnownResourceStates.Running,
                Properties = snapshot.Properties.With(KnownProperties.ParameterValue, value, parameter.Secret),
            });
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogMissing(failure.Message);
            await notifications.PublishUpdateAsync(parameter, snapshot => snapshot with
            {
                State = new(failure is MissingParameterValueException ? KnownResourceStates.ValueMissing : KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
            });
        }
    }

    // What belongs to another is there as soon as the other is ready, and shares its fate.
    private async Task FollowParentAsync(IResourceWithParent child, CancellationToken cancellationToken)
    {
        await foreach (var change in notifications.WatchAsync(cancellationToken))
        {
            if (ReferenceEquals(change.Resource, child.Parent))
            {
                await notifications.PublishUpdateAsync(child, snapshot => snapshot with
                {
                    State = change.Snapshot.State,
                    HealthReports = change.Snapshot.HealthReports,
                    ReadyEventHandled = change.Snapshot.ReadyEventHandled,
                });
            }
        }
    }

    private Task PublishBeginningAsync(IResource resource) => notifications.PublishUpdateAsync(resource, snapshot => snapshot);

    private async Task PublishReadyAsync(IResource resource, CancellationToken cancellationToken)
    {
        if (resource is IResourceWithConnectionString)
        {
            await eventing.PublishAsync(new ConnectionStringAvailableEvent(resource, services), cancellationToken);
        }
        var handled = Task.Run(() => eventing.PublishAsync(new ResourceReadyEvent(resource, services), cancellationToken), cancellationToken);
        await notifications.PublishUpdateAsync(resource, snapshot => snapshot with { State = KnownResourceStates.Running, ReadyEventHandled = handled });
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "{Reason}")]
    private partial void LogMissing(string reason);
}
