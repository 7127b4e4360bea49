using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

public partial class ResourceNotificationService
{
    /// <summary>Waits until an instance of the resource is in the state; null means Running.</summary>
    public async Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        await WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    /// <summary>Waits until an instance of the resource is in one of the states, and says which.</summary>
    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var wanted = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var reached = await WaitForResourceAsync(resourceName, change => change.Snapshot.State is { } state && wanted.Contains(state.Text), cancellationToken);
        return reached.Snapshot.State!.Text;
    }

    /// <summary>Waits until the predicate holds for an instance of the resource.</summary>
    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hostApplicationLifetime.ApplicationStopping);
        await foreach (var change in WatchAsync(stop.Token))
        {
            if ((NameEquals(change.Resource, resourceName) || string.Equals(change.ResourceId, resourceName, StringComparison.OrdinalIgnoreCase)) && predicate(change))
            {
                return change;
            }
        }
        throw new OperationCanceledException($"The application stopped before resource '{resourceName}' got there.", stop.Token);
    }

    /// <summary>Waits until the resource runs and is healthy.</summary>
    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, DefaultWaitBehavior, cancellationToken);

    /// <summary>Waits until the resource runs and is healthy; <paramref name="waitBehavior"/> says what happens when it ends instead.</summary>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        var reached = await WaitForResourceAsync(
            resourceName,
            change => IsReady(change.Snapshot) || GivesUp(change.Snapshot, waitBehavior),
            cancellationToken);
        return IsReady(reached.Snapshot) ? reached : throw NotAvailable(reached);
    }

    /// <summary>Waits for everything the resource was told to wait for; the resource is Waiting in the meantime.</summary>
    public async Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(resource);
        var waits = resource.Annotations.OfType<WaitAnnotation>().Where(wait => wait.Resource is not IResourceWithoutLifetime).ToArray();
        if (waits.Length == 0)
        {
            return;
        }
        var pending = waits.Select(wait => wait.Resource.Name).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        await PublishWaitingAsync(resource, pending);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, hostApplicationLifetime.ApplicationStopping);
        await Task.WhenAll(waits.GroupBy(wait => wait.Resource).Select(async waitsForOne =>
        {
            try
            {
                foreach (var wait in waitsForOne)
                {
                    await WaitForOneAsync(resource, wait, giveUp.Token);
                }
            }
            catch (DistributedApplicationException)
            {
                await giveUp.CancelAsync();
                throw;
            }
            lock (pending)
            {
                pending.Remove(waitsForOne.Key.Name);
            }
            await PublishWaitingAsync(resource, pending);
        }));
    }

    private static bool IsReady(CustomResourceSnapshot snapshot) =>
        snapshot.State?.Text == KnownResourceStates.Running && snapshot.HealthStatus == HealthStatus.Healthy;

    private static bool IsTerminal(CustomResourceSnapshot snapshot) => KnownResourceStates.TerminalStates.Contains(snapshot.State?.Text ?? "");

    private static bool GivesUp(CustomResourceSnapshot snapshot, WaitBehavior behavior) =>
        behavior == WaitBehavior.StopOnResourceUnavailable && IsTerminal(snapshot);

    private static DistributedApplicationException NotAvailable(ResourceEvent reached) => new(
        $"Resource '{reached.Resource.Name}' is not available: it is in the state '{reached.Snapshot.State?.Text}'"
        + (reached.Snapshot.ExitCode is { } code ? $" with exit code {code}." : "."));

    private Task PublishWaitingAsync(IResource resource, List<string> pending)
    {
        string text;
        lock (pending)
        {
            text = string.Join(", ", pending);
        }

        // One replica waits, for example because it crashed; the others run.
        return PublishUpdateAsync(resource, snapshot => snapshot.State?.Text == KnownResourceStates.Running ? snapshot : snapshot with
        {
            State = KnownResourceStates.Waiting,
            Properties = snapshot.Properties.With(KnownProperties.WaitingFor, text.Length == 0 ? null : text),
        });
    }

    private Task WaitForOneAsync(IResource waiter, WaitAnnotation wait, CancellationToken cancellationToken)
    {
        var behavior = wait.WaitBehavior ?? DefaultWaitBehavior;
        return Task.WhenAll(wait.Resource.InstanceIds().Select(id => wait.WaitType switch
        {
            WaitType.WaitUntilStarted => WaitUntilStartedAsync(id, behavior, cancellationToken),
            WaitType.WaitForCompletion => WaitForCompletionAsync(waiter, id, wait.ExitCode, cancellationToken),
            _ => WaitUntilHealthyAsync(id, behavior, cancellationToken),
        }));
    }

    private async Task<ResourceEvent> WaitUntilStartedAsync(string resourceId, WaitBehavior behavior, CancellationToken cancellationToken)
    {
        var reached = await WaitForResourceAsync(
            resourceId,
            change => change.Snapshot.State?.Text == KnownResourceStates.Running || GivesUp(change.Snapshot, behavior),
            cancellationToken);
        return reached.Snapshot.State?.Text == KnownResourceStates.Running ? reached : throw NotAvailable(reached);
    }

    private async Task WaitUntilHealthyAsync(string resourceId, WaitBehavior behavior, CancellationToken cancellationToken)
    {
        Task? canceled = null;
        while (true)
        {
            await WaitForResourceHealthyAsync(resourceId, behavior, cancellationToken);
            var ready = await WaitForResourceAsync(
                resourceId,
                change => (change.Snapshot.ReadyEventHandled is { } task && task != canceled) || GivesUp(change.Snapshot, behavior),
                cancellationToken);
            var handled = ready.Snapshot.ReadyEventHandled ?? throw NotAvailable(ready);
            try
            {
                await handled.WaitAsync(cancellationToken);
                return;
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                // The resource ended before its subscribers were done; its next start calls them again.
                canceled = handled;
            }
        }
    }

    private async Task WaitForCompletionAsync(IResource waiter, string resourceId, int exitCode, CancellationToken cancellationToken)
    {
        var ended = await WaitForResourceAsync(resourceId, change => IsTerminal(change.Snapshot), cancellationToken);
        if (ended.Snapshot.State?.Text == KnownResourceStates.FailedToStart)
        {
            throw NotAvailable(ended);
        }
        if (ended.Snapshot.ExitCode is { } actual && actual != exitCode)
        {
            throw new DistributedApplicationException(
                $"Resource '{waiter.Name}' waited for '{ended.Resource.Name}' to complete with exit code {exitCode}, and it ended with {actual}.");
        }
    }
}
