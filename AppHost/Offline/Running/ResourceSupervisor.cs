using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Eventing;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Runs one instance of a resource from its first start to the end of the application: waits for what it depends on, starts it, watches
/// its health, starts it again with back-off when it crashes, and does what the start, stop and restart commands say.
/// </summary>
internal sealed partial class ResourceSupervisor(
    ResourceInstance instance,
    IMaterializer materializer,
    HealthMonitor health,
    ParameterValues parameters,
    ResourceNotificationService notifications,
    IDistributedApplicationEventing eventing,
    IServiceProvider services,
    TimeProvider time,
    bool restartsCrashes,
    ILogger<ResourceSupervisor> logger)
{
    private static readonly TimeSpan CommandGrace = TimeSpan.FromSeconds(5);

    private readonly RestartBackoff backoff = new();
    private readonly Lock gate = new();
    private TaskCompletionSource startRequest = NewRequest();
    private TaskCompletionSource stopRequest = NewRequest();
    private TimeSpan grace = CommandGrace;
    private IMaterializedInstance? running;
    private Task parameterGiven = Task.CompletedTask;
    private bool lacksParameter;

    internal ResourceInstance Instance => instance;

    internal int? ProcessId => running?.ProcessId;

    internal bool IsRunning => running is not null;

    private IResource Resource => instance.Resource;

    /// <summary>Runs until <paramref name="applicationEnds"/>; the instance may still be up then, and <see cref="StopAsync"/> ends it.</summary>
    internal async Task RunAsync(CancellationToken applicationEnds)
    {
        var mayStart = !Resource.HasAnnotationOfType<ExplicitStartupAnnotation>();
        if (!mayStart)
        {
            await PublishAsync(snapshot => snapshot with { State = KnownResourceStates.NotStarted });
        }
        while (true)
        {
            if (!mayStart)
            {
                // Who gives the value that was missing need not start what waits for it as well.
                await Task.WhenAny(lacksParameter ? [StartRequested(), parameterGiven] : [StartRequested()]).WaitAsync(applicationEnds);
            }
            var pause = await RunOnceAsync(applicationEnds);
            mayStart = pause is not null;
            if (pause is { } delay)
            {
                // A start command shortens the pause; a stop command ends the attempts.
                var timer = Task.Delay(delay, time, applicationEnds);
                var first = await Task.WhenAny(timer, StartRequested(), StopRequested());
                applicationEnds.ThrowIfCancellationRequested();
                mayStart = !StopRequested().IsCompleted || first == StartRequested();
                if (!mayStart)
                {
                    await PublishAsync(snapshot => snapshot with { Properties = snapshot.Properties.With(KnownProperties.RestartAt, null) });
                }
            }
        }
    }

    internal void RequestStart()
    {
        lock (gate)
        {
            stopRequest = NewRequest();
            startRequest.TrySetResult();
        }
    }

    internal void RequestStop(TimeSpan? within = null)
    {
        lock (gate)
        {
            grace = within ?? CommandGrace;
            stopRequest.TrySetResult();
        }
    }

    /// <summary>Ends the instance for good, with so much time to end by itself.</summary>
    internal async Task StopAsync(TimeSpan within, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref running, null) is not { } ending)
        {
            return;
        }
        await PublishAsync(snapshot => snapshot with { State = KnownResourceStates.Stopping });
        await ending.LeaveAsync(within, cancellationToken);
        await PublishEndAsync(ending.Exited.IsCompletedSuccessfully ? await ending.Exited : null);
    }

    internal void Kill() => running?.Kill();

    private static TaskCompletionSource NewRequest() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One start to one end. Returns how long to wait before the next, or null when only a command starts it again.</summary>
    private async Task<TimeSpan?> RunOnceAsync(CancellationToken applicationEnds)
    {
        TakeRequests();
        parameterGiven = parameters.Changed;
        lacksParameter = false;
        try
        {
            await PrepareAsync(applicationEnds);
            if (StopRequested().IsCompleted)
            {
                await PublishAsync(snapshot => snapshot with { State = KnownResourceStates.NotStarted });
                return null;
            }
            var started = await materializer.StartAsync(instance, applicationEnds);
            running = started;
            var startedAt = time.GetTimestamp();
            await PublishRunningAsync(started);
            await WatchUntilEndAsync(started, applicationEnds);
            return await EndAsync(started, time.GetElapsedTime(startedAt));
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            // Callbacks of the application's author run here; whatever they throw is this resource's failure, and only its.
            return await FailAsync(failure, applicationEnds);
        }
    }

    private async Task PrepareAsync(CancellationToken applicationEnds)
    {
        if (Resource is IResourceWithConnectionString && !Resource.IsEmbedded() && instance.Replica == 0)
        {
            await eventing.PublishAsync(new ConnectionStringAvailableEvent(Resource, services), applicationEnds);
        }
        await PublishAsync(Starting);
        if (instance.Replica == 0)
        {
            await eventing.PublishAsync(new BeforeResourceStartedEvent(Resource, services), applicationEnds);
        }
        using var skip = CancellationTokenSource.CreateLinkedTokenSource(applicationEnds);
        var waits = notifications.WaitForDependenciesAsync(Resource, skip.Token);
        // A start command while waiting means: start now. A stop command means: do not start.
        if (await Task.WhenAny(waits, StartRequested(), StopRequested()) != waits)
        {
            await skip.CancelAsync();
            await waits.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            return;
        }
        await waits;
        await PublishAsync(Starting);
    }

    // However it ends, nobody watches any more when it does: an instance that is being stopped is not to be called unhealthy.
    private async Task WatchUntilEndAsync(IMaterializedInstance started, CancellationToken applicationEnds)
    {
        using var stopsWatching = CancellationTokenSource.CreateLinkedTokenSource(applicationEnds);
        var watching = WatchHealthAsync(stopsWatching.Token);
        try
        {
            await Task.WhenAny(started.Exited, StopRequested()).WaitAsync(applicationEnds);
        }
        finally
        {
            await stopsWatching.CancelAsync();
            await watching;
        }
    }

    private async Task WatchHealthAsync(CancellationToken cancellationToken)
    {
        try
        {
            await health.WatchAsync(instance, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The instance ended; there is nothing left to watch.
        }
    }

    private async Task<TimeSpan?> EndAsync(IMaterializedInstance started, TimeSpan ran)
    {
        if (Interlocked.Exchange(ref running, null) is null)
        {
            // The application is ending, and StopAsync has the instance.
            return null;
        }
        if (!started.Exited.IsCompleted)
        {
            await PublishAsync(snapshot => snapshot with { State = KnownResourceStates.Stopping });
            await started.StopAsync(grace, CancellationToken.None);
            await PublishEndAsync(started.Exited.IsCompletedSuccessfully ? await started.Exited : null);
            LogStopped(instance.Id);
            return null;
        }
        var code = await started.Exited;
        await started.DisposeAsync();
        await PublishEndAsync(code);
        // A server that nobody stopped is to run, however well it ended.
        if (!restartsCrashes || (code == 0 && !Resource.IsContainer()))
        {
            LogEnded(instance.Id, ExitCode.Describe(code));
            return null;
        }
        var pause = backoff.Next(ran);
        await PublishRetryAsync(pause);
        LogCrashed(instance.Id, ExitCode.Describe(code), pause.TotalSeconds, backoff.Crashes);
        return pause;
    }

    private async Task<TimeSpan?> FailAsync(Exception failure, CancellationToken applicationEnds)
    {
        applicationEnds.ThrowIfCancellationRequested();
        instance.Log.Append(failure.Message, isError: true);
        await PublishAsync(snapshot => snapshot with
        {
            State = new(KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
            StopTimeStamp = time.GetUtcNow().UtcDateTime,
        });
        lacksParameter = failure is MissingParameterValueException;
        if (failure is not TemporarilyUnavailableException)
        {
            LogFailed(instance.Id, failure.Message);
            return null;
        }
        var pause = backoff.Next(TimeSpan.Zero);
        await PublishRetryAsync(pause);
        LogFailedForNow(instance.Id, failure.Message, pause.TotalSeconds);
        return pause;
    }

    private CustomResourceSnapshot Starting(CustomResourceSnapshot snapshot) => snapshot with
    {
        State = KnownResourceStates.Starting,
        ExitCode = null,
        StopTimeStamp = null,
        HealthReports = HealthMonitor.Pending(Resource),
        ReadyEventHandled = null,
        Properties = snapshot.Properties.With(KnownProperties.WaitingFor, null).With(KnownProperties.RestartAt, null).With(KnownProperties.RestartCrashes, null),
    };

    private Task PublishRetryAsync(TimeSpan pause) => PublishAsync(snapshot => snapshot with
    {
        Properties = snapshot.Properties.With(KnownProperties.RestartAt, (time.GetUtcNow() + pause).UtcDateTime).With(KnownProperties.RestartCrashes, backoff.Crashes),
    });

    private Task PublishRunningAsync(IMaterializedInstance started) => PublishAsync(snapshot =>
    {
        var properties = started.Properties.Aggregate(snapshot.Properties, (all, one) => all.With(one.Name, one.Value, one.IsSensitive));
        return snapshot with
        {
            State = KnownResourceStates.Running,
            StartTimeStamp = time.GetUtcNow().UtcDateTime,
            Properties = properties,
            EnvironmentVariables = started.EnvironmentVariables,
        };
    });

    private async Task PublishEndAsync(int? exitCode)
    {
        await PublishAsync(snapshot => snapshot with
        {
            State = Resource.IsContainer() ? KnownResourceStates.Exited : KnownResourceStates.Finished,
            ExitCode = exitCode,
            StopTimeStamp = time.GetUtcNow().UtcDateTime,
            ReadyEventHandled = null,
            Properties = snapshot.Properties.With(KnownProperties.ExecutablePid, null),
        });
        if (notifications.TryGetCurrentState(instance.Id, out var ended))
        {
            await eventing.PublishAsync(new ResourceStoppedEvent(Resource, services, ended), EventDispatchBehavior.NonBlockingSequential);
        }
    }

    private Task PublishAsync(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) => notifications.PublishUpdateAsync(Resource, instance.Id, change);

    private void TakeRequests()
    {
        lock (gate)
        {
            startRequest = NewRequest();
        }
    }

    private Task StartRequested()
    {
        lock (gate)
        {
            return startRequest.Task;
        }
    }

    private Task StopRequested()
    {
        lock (gate)
        {
            return stopRequest.Task;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Instance} was stopped.")]
    private partial void LogStopped(string instance);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Instance} ended with {ExitCode}.")]
    private partial void LogEnded(string instance, string exitCode);

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Instance} crashed: it ended with {ExitCode}. Starting it again in {Seconds:0} s (crash {Crashes} in a row).")]
    private partial void LogCrashed(string instance, string exitCode, double seconds, int crashes);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Instance} could not be started. {Reason}")]
    private partial void LogFailed(string instance, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Instance} could not be started. {Reason} Trying again in {Seconds:0} s.")]
    private partial void LogFailedForNow(string instance, string reason, double seconds);
}
