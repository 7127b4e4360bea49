using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The engine's side of the port between agents and the orchestrator.</summary>
internal sealed partial class TaskFeed(
    ReadyQueue ready,
    AttemptHolders holders,
    LeaseBuffer leases,
    WorkflowCache cache,
    EnvelopeBuilder envelopes,
    ResultIntake intake,
    Committer committer,
    IAgentRegistry registry,
    IWorkflowStore store,
    TimeProvider time,
    IOptions<EngineOptions> options,
    ILogger<TaskFeed> logger) : ITaskFeed
{
    private readonly EngineOptions _options = options.Value;

    public async Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        await registry.RegisterAsync(registration, cancellationToken).ConfigureAwait(false);
        LogRegistered(registration.AgentId, registration.AgentType, registration.Version);
        return new AgentRegistered
        {
            HeartbeatIntervalMs = (long)_options.HeartbeatInterval.TotalMilliseconds,
            LeaseMs = (long)_options.LeaseDuration.TotalMilliseconds,
        };
    }

    public async Task DeregisterAsync(AgentId agentId, CancellationToken cancellationToken)
    {
        await registry.RemoveAsync(agentId, cancellationToken).ConfigureAwait(false);
        foreach (var taskId in holders.HeldBy(agentId))
        {
            holders.Release(taskId);
            await committer.SubmitAsync(new CommitItem(taskId.WorkflowId, new WorkflowInput.HandBack(taskId.Stage, taskId.Attempt) { At = time.GetUtcNow() }), cancellationToken).ConfigureAwait(false);
        }

        holders.Forget(agentId);
        LogDeregistered(agentId);
    }

    public async Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        var most = Math.Clamp(claim.MaxTasks, 1, 1000);
        var until = time.GetUtcNow().AddMilliseconds(Math.Clamp(claim.WaitMs, 0, 60_000));
        while (true)
        {
            var wait = until - time.GetUtcNow();
            var taken = await ready.TakeAsync(claim.AgentType, most, wait, cancellationToken).ConfigureAwait(false);
            if (taken.Count == 0)
            {
                return [];
            }

            var tasks = await GiveAsync(taken, claim, cancellationToken).ConfigureAwait(false);
            if (tasks.Count > 0)
            {
                return tasks;
            }
        }
    }

    public async Task<bool> StartAsync(TaskId taskId, AgentId agentId, CancellationToken cancellationToken)
    {
        var workflow = await cache.GetAsync(taskId.WorkflowId, cancellationToken).ConfigureAwait(false);
        if (workflow is null || !workflow.IsOutstanding(taskId.Stage, taskId.Attempt) || !holders.TryHold(taskId, agentId))
        {
            return false;
        }

        BeginLease(workflow, taskId, agentId, time.GetUtcNow());
        return true;
    }

    public async Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        var known = await registry.TouchAsync(heartbeat, cancellationToken).ConfigureAwait(false);
        var cancels = await RenewAsync(heartbeat, cancellationToken).ConfigureAwait(false);
        if (!known || cancels.Count > 0)
        {
            return new HeartbeatReply { Known = known, Cancels = cancels };
        }

        var wait = TimeSpan.FromMilliseconds(Math.Clamp(heartbeat.WaitMs, 0, 60_000));
        return new HeartbeatReply { Cancels = await holders.TakeStopsAsync(heartbeat.AgentId, wait, time, cancellationToken).ConfigureAwait(false) };
    }

    public async Task<IReadOnlyList<ResultReceipt>> ReportAsync(IReadOnlyList<ResultEnvelope> results, CancellationToken cancellationToken)
    {
        if (results.Count == 1)
        {
            return [await intake.TakeAsync(results[0], cancellationToken).ConfigureAwait(false)];
        }

        var receipts = new Task<ResultReceipt>[results.Count];
        for (var i = 0; i < results.Count; i++)
        {
            receipts[i] = intake.TakeAsync(results[i], cancellationToken);
        }

        return await Task.WhenAll(receipts).ConfigureAwait(false);
    }

    public async Task ReportStatusAsync(IReadOnlyList<StatusEnvelope> statuses, CancellationToken cancellationToken)
    {
        foreach (var status in statuses)
        {
            var (id, stage, attempt) = (status.TaskId, status.TaskId.Stage, status.TaskId.Attempt);
            var workflow = await cache.GetAsync(id.WorkflowId, cancellationToken).ConfigureAwait(false);
            if (workflow is null || !workflow.IsOutstanding(stage, attempt))
            {
                continue;
            }

            var now = time.GetUtcNow();
            if (status.Log.Count > 0)
            {
                var lines = status.Log.Take(200).Select(line => line.Length <= 4000 ? line : line[..4000]).ToList();
                leases.Add(new NoteWrite { TaskId = id, Event = new AttemptLogged { At = now, Stage = stage, Attempt = attempt, Lines = lines } });
            }

            if (status.Message is not null || status.ProgressPercent is not null || status.Iteration is not null)
            {
                var progressed = new AttemptProgressed { At = now, Stage = stage, Attempt = attempt, Message = status.Message, ProgressPercent = status.ProgressPercent, Iteration = status.Iteration };
                leases.Add(new NoteWrite { TaskId = id, Event = progressed });
            }
        }
    }

    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) => store.FindStepAsync(key, cancellationToken);

    public async Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken)
    {
        var workflow = await cache.GetAsync(taskId.WorkflowId, cancellationToken).ConfigureAwait(false);
        return workflow is not null && workflow.IsOutstanding(taskId.Stage, taskId.Attempt)
            ? await store.RecordStepAsync(key, taskId.Attempt, result, time.GetUtcNow(), cancellationToken).ConfigureAwait(false)
            : null;
    }

    private async Task<List<TaskEnvelope>> GiveAsync(List<TaskId> taken, TaskClaim claim, CancellationToken cancellationToken)
    {
        var given = new List<TaskEnvelope>(taken.Count);
        var done = false;
        try
        {
            if (taken.Exists(task => cache.TryGet(task.WorkflowId) is null))
            {
                await cache.LoadAsync(taken.Select(task => task.WorkflowId).ToHashSet(), cancellationToken).ConfigureAwait(false);
            }

            var now = time.GetUtcNow();
            foreach (var taskId in taken)
            {
                // What was paused, canceled, overtaken or started while it waited is dropped; a resume offers it again.
                if (cache.TryGet(taskId.WorkflowId) is { State.Paused: false } workflow && workflow.IsOutstanding(taskId.Stage, taskId.Attempt) && holders.HolderOf(taskId) is null)
                {
                    given.Add(await envelopes.BuildAsync(workflow, taskId, now, claim.AgentId is null ? null : _options.LeaseDuration, cancellationToken).ConfigureAwait(false));
                    if (claim.AgentId is { } agent)
                    {
                        holders.Hold(taskId, agent);
                        BeginLease(workflow, taskId, agent, now);
                    }
                }
            }

            done = true;
            return given;
        }
        finally
        {
            if (!done)
            {
                GiveBack(taken, claim.AgentType);
            }
        }
    }

    private void GiveBack(List<TaskId> taken, string agentType)
    {
        foreach (var taskId in taken)
        {
            holders.Release(taskId);
            leases.Remove(taskId);
        }

        ready.Offer([.. taken.Select(task => new ReadyTask(task, agentType, cache.TryGet(task.WorkflowId)?.Header.Priority ?? Priority.Medium, null))], time.GetUtcNow());
    }

    private void BeginLease(HotWorkflow workflow, TaskId taskId, AgentId agentId, DateTimeOffset now)
    {
        var timeout = workflow.Definition.Stages.First(stage => string.Equals(stage.Name, taskId.Stage, StringComparison.Ordinal)).Timeout;
        leases.Add(new LeaseWrite
        {
            TaskId = taskId,
            Status = AttemptStatus.Running,
            AgentId = agentId,
            StartedAt = now,
            LeaseExpiresAt = now + _options.LeaseDuration,
            Deadline = now + timeout,
        });
    }

    private async Task<List<CancelEnvelope>> RenewAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        var cancels = new List<CancelEnvelope>();
        if (heartbeat.Running.Count == 0)
        {
            return cancels;
        }

        await cache.LoadAsync(heartbeat.Running.Select(task => task.WorkflowId).ToHashSet(), cancellationToken).ConfigureAwait(false);
        var expires = time.GetUtcNow() + _options.LeaseDuration;
        foreach (var taskId in heartbeat.Running)
        {
            if (cache.TryGet(taskId.WorkflowId) is not { } workflow || !workflow.IsOutstanding(taskId.Stage, taskId.Attempt))
            {
                var canceled = cache.TryGet(taskId.WorkflowId) is { State.End: WorkflowStatus.Canceled };
                cancels.Add(new CancelEnvelope { TaskId = taskId, Reason = canceled ? "canceled" : "lost" });
            }
            else if (holders.HolderOf(taskId) is null && holders.TryHold(taskId, heartbeat.AgentId))
            {
                // Started through a broker, or before a restart: this is the first that we hear of it.
                BeginLease(workflow, taskId, heartbeat.AgentId, time.GetUtcNow());
            }
            else if (!holders.TryHold(taskId, heartbeat.AgentId))
            {
                cancels.Add(new CancelEnvelope { TaskId = taskId, Reason = "lost" });
            }
            else
            {
                leases.Add(new LeaseWrite { TaskId = taskId, Status = AttemptStatus.Running, AgentId = heartbeat.AgentId, LeaseExpiresAt = expires });
            }
        }

        return cancels;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent {AgentId} of type {AgentType} ({Version}) registered")]
    private partial void LogRegistered(AgentId agentId, string agentType, string version);

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent {AgentId} said goodbye")]
    private partial void LogDeregistered(AgentId agentId);
}
