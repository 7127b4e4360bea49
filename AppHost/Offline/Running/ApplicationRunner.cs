using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Runs the application: takes the data directory, ends what an earlier run left, decides how each resource is made real, gives
/// endpoints their addresses, starts everything at once (only waits order it), and stops it in reverse order of dependence.
/// </summary>
internal sealed partial class ApplicationRunner(
    DistributedApplicationModel model,
    IConfiguration configuration,
    StateDirectory data,
    MaterializationPlanner planner,
    EndpointAllocator allocator,
    LeftoverReaper reaper,
    Watchdog watchdog,
    SupervisorFactory supervisorFactory,
    ValueResources values,
    ParameterValues parameters,
    ContainerSurvey survey,
    ContainerReaper containers,
    ContainerNetwork network,
    ContainerRuntimes runtimes,
    LogStreams logs,
    StartupReport report,
    ControlEndpoint control,
    TelemetryReceivers telemetry,
    DashboardServer dashboard,
    ResourceHistory history,
    IDistributedApplicationEventing eventing,
    ResourceNotificationService notifications,
    ResourceLoggerService loggers,
    IServiceProvider services,
    TimeProvider time,
    ILogger<ApplicationRunner> logger) : IHostedService, IAsyncDisposable
{
    /// <summary>How long all resources together may take to stop by themselves; with what is ended by force after it, a stop stays under ten seconds.</summary>
    private static readonly TimeSpan StopBudget = TimeSpan.FromSeconds(7.5);

    private readonly CancellationTokenSource ending = new();
    private readonly List<ResourceSupervisor> supervisors = [];
    private readonly List<Task> tasks = [];
    private HostLock? hostLock;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var mode = InfrastructureOption.Read(configuration);
        data.Prepare();
        hostLock = HostLock.Take(data);
        if (await reaper.ReapEarlierRunsAsync(cancellationToken) is { Count: > 0 } leftovers)
        {
            LogLeftovers(leftovers.Count, string.Join(", ", leftovers));
        }
        tasks.Add(history.RunAsync(ending.Token));
        await containers.ReapEarlierRunsAsync(cancellationToken);
        await eventing.PublishAsync(new BeforeStartEvent(services, model), cancellationToken);
        await parameters.ResolveAsync(cancellationToken);
        WaitGraph.Check(model);
        EndpointAllocator.Check(model);
        await survey.LookAsync(model, mode, cancellationToken);
        planner.Plan(model, mode);
        foreach (var resource in model.Resources)
        {
            Prepare(resource);
        }
        await telemetry.StartAsync(cancellationToken);
        await AllocateEndpointsAsync(cancellationToken);
        tasks.Add(Task.Run(() => dashboard.RunAsync(ending.Token), CancellationToken.None));
        watchdog.Start(await UsedRuntimeAsync());
        foreach (var resource in model.Resources.Where(resource => resource.MaterializedAs()!.Kind == MaterializationKind.Value))
        {
            tasks.Add(values.PublishAsync(resource, ending.Token));
        }
        foreach (var supervisor in supervisors)
        {
            tasks.Add(SuperviseAsync(supervisor));
        }
        await eventing.PublishAsync(new AfterResourcesCreatedEvent(services, model), cancellationToken);
        tasks.Add(report.RunAsync(supervisors, ending.Token));
        tasks.Add(Task.Run(() => control.RunAsync(supervisors, ending.Token), CancellationToken.None));
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (ending.IsCancellationRequested)
        {
            return;
        }
        await ending.CancelAsync();
        foreach (var task in tasks)
        {
            await UntilEndedAsync(task);
        }
        await StopAllAsync();
        await reaper.ReapRunAsync(CancellationToken.None);
        await telemetry.StopAsync();
        network.Dispose();
        await containers.ReapRunAsync(CancellationToken.None);
        watchdog.Dispose();
        hostLock?.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        ending.Dispose();
    }

    /// <summary>Ends every process of the run at once, without asking.</summary>
    internal void Kill()
    {
        foreach (var supervisor in supervisors)
        {
            supervisor.Kill();
        }
        reaper.KillRun();
    }

    // Null when nothing is a container.
    private async Task<ContainerRuntime?> UsedRuntimeAsync()
    {
        if (!model.Resources.Any(resource => resource.MaterializedAs()?.Kind == MaterializationKind.Container) || (await runtimes.FindAsync()).Runtime is not { } runtime)
        {
            return null;
        }
        // Said before anything is made, so that the next start looks whatever becomes of this one.
        containers.Begin(runtime);
        tasks.Add(containers.ReapOrphansAsync(runtime, ending.Token));
        return runtime;
    }

    private void Prepare(IResource resource)
    {
        if (planner.MaterializerOf(resource) is not { } materializer)
        {
            return;
        }
        var replicas = resource is ProjectResource ? resource.GetReplicaCount() : 1;
        var ids = Enumerable.Range(0, replicas).Select(number => InstanceIds.Make(resource, number, replicas)).ToArray();
        resource.Annotations.Add(new ResourceInstancesAnnotation(ids));
        for (var replica = 0; replica < replicas; replica++)
        {
            var instance = logs.Open(resource, ids[replica], replica);
            supervisors.Add(supervisorFactory.Create(instance, materializer, restartsCrashes: !IsAwaitedToEnd(resource)));
        }
        LifecycleCommands.Add(resource, id => supervisors.Find(supervisor => supervisor.Instance.Id == id));
    }

    // Somebody waits for it to end, and reads its exit code: that it failed is a result, not a crash.
    private bool IsAwaitedToEnd(IResource resource) =>
        model.Resources.Any(other => other.Annotations.OfType<WaitAnnotation>().Any(wait => wait.WaitType == WaitType.WaitForCompletion && wait.Resource == resource));

    private async Task AllocateEndpointsAsync(CancellationToken cancellationToken)
    {
        foreach (var resource in model.Resources)
        {
            await eventing.PublishAsync(new InitializeResourceEvent(resource, eventing, loggers, notifications, services), cancellationToken);
            allocator.Allocate(resource);
            if (resource is IResourceWithEndpoints && !resource.IsEmbedded())
            {
                await eventing.PublishAsync(new ResourceEndpointsAllocatedEvent(resource, services), cancellationToken);
                var urls = await ResourceUrls.CollectAsync(resource, cancellationToken);
                await notifications.PublishUpdateAsync(resource, snapshot => snapshot with { Urls = urls });
            }
        }
        await eventing.PublishAsync(new AfterEndpointsAllocatedEvent(services, model), cancellationToken);
    }

    private async Task SuperviseAsync(ResourceSupervisor supervisor)
    {
        // Off the caller's thread: that one starts the next resource.
        await Task.Yield();
        await supervisor.RunAsync(ending.Token);
    }

    private async Task StopAllAsync()
    {
        var levels = WaitGraph.Levels(supervisors.Where(supervisor => supervisor.IsRunning).Select(supervisor => supervisor.Instance.Resource));
        var groups = supervisors.Where(supervisor => supervisor.IsRunning).GroupBy(supervisor => levels.GetValueOrDefault(supervisor.Instance.Resource))
            .OrderByDescending(group => group.Key).ToArray();
        var left = groups.Length;
        var began = time.GetTimestamp();
        foreach (var group in groups)
        {
            // What one group does not use the next ones have: servers, which are last, may need more than others.
            var share = (StopBudget - time.GetElapsedTime(began)) / Math.Max(1, left--);
            await Task.WhenAll(group.Select(supervisor => supervisor.StopAsync(share > TimeSpan.Zero ? share : TimeSpan.Zero, CancellationToken.None)));
        }
    }

    private async Task UntilEndedAsync(Task task)
    {
        try
        {
            await task;
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            // They were told to end, and this is how they say that they did.
        }
        catch (Exception failure)
        {
            // Whatever became of it, what runs is stopped in order.
            LogTaskFailed(failure);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Ended {Count} processes that an earlier run left behind: {Processes}.")]
    private partial void LogLeftovers(int count, string processes);

    [LoggerMessage(Level = LogLevel.Error, Message = "A part of the host failed while the application ran.")]
    private partial void LogTaskFailed(Exception failure);
}
