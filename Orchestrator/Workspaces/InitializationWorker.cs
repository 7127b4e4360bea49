using System.Collections.Concurrent;
using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Orchestrator.Workspaces;

/// <summary>
/// The agent of type <c>initialization</c>: it lives in the orchestrator, since it makes the repositories that the orchestrator owns, and takes its tasks through the feed like any other.
/// </summary>
internal sealed partial class InitializationWorker(ITaskFeed feed, WorkspaceSeed seed, IOptions<WorkspaceOptions> options, TimeProvider time, ILogger<InitializationWorker> logger) : BackgroundService
{
    internal const string AgentType = "initialization";

    private readonly AgentId _id = AgentId.New(AgentType, new Random(RandomNumberGenerator.GetInt32(int.MaxValue)));
    private readonly ConcurrentDictionary<TaskId, CancellationTokenSource> _running = new();
    private readonly SemaphoreSlim _slots = new(options.Value.InitializationConcurrency);
    private long _processed;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host's start does not wait for the first registration.
        await Task.Yield();
        var registered = await UntilItWorksAsync(token => feed.RegisterAsync(Registration(), token), stoppingToken);
        var heartbeats = BeatAsync(TimeSpan.FromMilliseconds(registered.HeartbeatIntervalMs), stoppingToken);
        try
        {
            while (true)
            {
                await _slots.WaitAsync(stoppingToken);
                var claim = new TaskClaim { AgentId = _id, AgentType = AgentType, MaxTasks = 1 + _slots.CurrentCount };
                var tasks = await UntilItWorksAsync(token => feed.ClaimAsync(claim, token), stoppingToken);
                for (var taken = 1; taken < tasks.Count; taken++)
                {
                    await _slots.WaitAsync(stoppingToken);
                }

                if (tasks.Count == 0)
                {
                    _slots.Release();
                }

                foreach (var task in tasks)
                {
                    _ = ExecuteTaskAsync(task, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await heartbeats;
        }
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        try
        {
            await feed.DeregisterAsync(_id, cancellationToken);
        }
        catch (Engine.StoreUnavailableException unavailable)
        {
            // The leases run out instead.
            LogUnavailable(unavailable.Message);
        }
    }

    private AgentRegistration Registration() => new()
    {
        AgentId = _id,
        AgentType = AgentType,
        Version = typeof(InitializationWorker).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0",
        Capabilities = ["git"],
        MaxConcurrency = options.Value.InitializationConcurrency,
        Host = Environment.MachineName,
        Pid = Environment.ProcessId,
    };

    private async Task ExecuteTaskAsync(TaskEnvelope task, CancellationToken stoppingToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        stop.CancelAfter(Later(task.Deadline - time.GetUtcNow()));
        _running[task.TaskId] = stop;
        try
        {
            var result = await MakeAsync(task, stop.Token);
            await UntilItWorksAsync(token => feed.ReportAsync([result], token), stoppingToken);
            Interlocked.Increment(ref _processed);
        }
        catch (OperationCanceledException)
        {
            // Canceled, timed out or shutting down: the lease is given back on the way out, or the rescuer takes it.
            LogStopped(task.TaskId.WorkflowId, task.TaskId.Stage, task.TaskId.Attempt);
        }
        catch (Exception failure)
        {
            // Nobody awaits this method: what is not logged here is never seen. The rescuer gives the attempt out again.
            LogFailed(task.TaskId.WorkflowId, task.TaskId.Stage, task.TaskId.Attempt, failure);
        }
        finally
        {
            _running.TryRemove(task.TaskId, out _);
            _slots.Release();
        }
    }

    private async Task<ResultEnvelope> MakeAsync(TaskEnvelope task, CancellationToken cancellationToken)
    {
        var startedAt = time.GetUtcNow();
        var watch = time.GetTimestamp();
        StageOutcome outcome;
        WorkspaceChange? change = null;
        try
        {
            (outcome, change) = await PlantAsync(task, cancellationToken);
        }
        catch (Exception failure) when (failure is not OperationCanceledException)
        {
            LogFailed(task.TaskId.WorkflowId, task.TaskId.Stage, task.TaskId.Attempt, failure);
            outcome = new StageOutcome.Failed { Error = Unexpected(failure) };
        }

        return new ResultEnvelope
        {
            TaskId = task.TaskId,
            AgentId = _id,
            Traceparent = Activity.Current?.Id ?? task.Traceparent,
            StartedAt = startedAt,
            Outcome = outcome,
            Change = change,
            Usage = new Usage { DurationMs = (long)time.GetElapsedTime(watch).TotalMilliseconds },
        };
    }

    private async Task<(StageOutcome Outcome, WorkspaceChange? Change)> PlantAsync(TaskEnvelope task, CancellationToken cancellationToken)
    {
        var planted = await seed.PlantAsync(task, cancellationToken);
        if (planted.Commit is not { } commit)
        {
            return (new StageOutcome.Failed { Error = planted.Error! }, null);
        }

        var output = new InitializationOutput(task.Workspace?.Url ?? $"/git/{task.TaskId.WorkflowId}.git", GitReferences.WorkBranch, commit, task.WorkflowContext.Requirements.Length);
        ReferenceUpdate[] references = [new(GitReferences.Base, commit), new(GitReferences.Main, commit)];
        return (new StageOutcome.Completed { Output = JsonPayload.From(output) }, new WorkspaceChange { Commit = commit, References = references });
    }

    private async Task BeatAsync(TimeSpan interval, CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                var heartbeat = new AgentHeartbeat
                {
                    AgentId = _id,
                    Running = [.. _running.Keys],
                    Status = _slots.CurrentCount > 0 ? AgentStatus.Online : AgentStatus.Busy,
                    TasksProcessed = Interlocked.Read(ref _processed),
                    WaitMs = (int)interval.TotalMilliseconds,
                };
                var began = time.GetTimestamp();
                var reply = await UntilItWorksAsync(token => feed.HeartbeatAsync(heartbeat, token), stoppingToken);
                if (!reply.Known)
                {
                    await UntilItWorksAsync(token => feed.RegisterAsync(Registration(), token), stoppingToken);
                }

                foreach (var cancel in reply.Cancels)
                {
                    Cancel(cancel.TaskId);
                }

                if (time.GetElapsedTime(began) < interval / 2)
                {
                    // It answered early: because of a cancel, which takes a moment to show, or because it does not wait.
                    await Task.Delay(reply.Cancels.Count > 0 ? TimeSpan.FromMilliseconds(100) : interval, time, stoppingToken);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The worker ends.
        }
    }

    private void Cancel(TaskId taskId)
    {
        try
        {
            if (_running.TryGetValue(taskId, out var stop))
            {
                stop.Cancel();
            }
        }
        catch (ObjectDisposedException)
        {
            // The attempt ended in the same moment.
        }
    }

    /// <summary>Calls the feed until the store behind it answers.</summary>
    private async Task<T> UntilItWorksAsync<T>(Func<CancellationToken, Task<T>> call, CancellationToken cancellationToken)
    {
        for (var pause = TimeSpan.FromMilliseconds(200); ; pause = pause < TimeSpan.FromSeconds(3) ? pause * 2 : pause)
        {
            try
            {
                return await call(cancellationToken);
            }
            catch (Engine.StoreUnavailableException unavailable)
            {
                LogUnavailable(unavailable.Message);
                await Task.Delay(pause, time, cancellationToken);
            }
        }
    }

    private static TimeSpan Later(TimeSpan span) => span < TimeSpan.Zero ? TimeSpan.Zero : span > TimeSpan.FromMinutes(30) ? TimeSpan.FromMinutes(30) : span;

    private static StructuredError Unexpected(Exception failure) => new()
    {
        Code = failure is GitMissingException ? "git_missing" : "initialization_failed",
        Message = failure.Message,
        Category = failure is GitMissingException ? ErrorCategory.Configuration : ErrorCategory.Execution,
        Class = FailureClass.Infrastructure,
        Retryable = true,
        SuggestedAction = failure is GitMissingException ? "Install git where the orchestrator runs." : "Look at the orchestrator's log and at the space on its disk.",
        Details = failure.ToString(),
    };

    [LoggerMessage(Level = LogLevel.Information, Message = "Workflow {WorkflowId}, stage {Stage}, attempt {Attempt}: initialization stopped before its end.")]
    private partial void LogStopped(WorkflowId workflowId, string stage, int attempt);

    [LoggerMessage(Level = LogLevel.Error, Message = "Workflow {WorkflowId}, stage {Stage}, attempt {Attempt}: initialization failed.")]
    private partial void LogFailed(WorkflowId workflowId, string stage, int attempt, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The task feed is not available and is asked again: {Problem}")]
    private partial void LogUnavailable(string problem);
}

/// <summary>What the initialization stage leaves to later stages.</summary>
/// <param name="Repository">The repository, relative to the orchestrator's address.</param>
/// <param name="Branch">The branch to start from.</param>
/// <param name="Commit">The first commit.</param>
/// <param name="RequirementsLength">Characters of the requirements.</param>
internal sealed record InitializationOutput(string Repository, string Branch, string Commit, int RequirementsLength);
