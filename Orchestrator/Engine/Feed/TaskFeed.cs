using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The engine's side of the port between agents and the orchestrator.</summary>
internal sealed partial class TaskFeed(
    ReadyQueue ready,
    AttemptHolders holders,
    AttemptLeases attempts,
    Quarantine quarantine,
    LeaseBuffer leases,
    WorkflowCache cache,
    EnvelopeBuilder envelopes,
    ResultIntake intake,
    Committer committer,
    IAgentRegistry registry,
    IWorkflowStore store,
    IEnumerable<IDispatchListener> listeners,
    ClusterNode node,
    TimeProvider time,
    IOptions<EngineOptions> options,
    ILogger<TaskFeed> logger) : ITaskFeed
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FreshFor = TimeSpan.FromSeconds(1);
    private readonly EngineOptions _options = options.Value;

    public async Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        await registry.RegisterAsync(registration, cancellationToken).ConfigureAwait(false);
        foreach (var listener in listeners)
        {
            await listener.JoinedAsync(registration, cancellationToken).ConfigureAwait(false);
        }

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
        await Task.WhenAll(holders.HeldBy(agentId).Select(taskId => HandBackAsync(taskId, cancellationToken))).ConfigureAwait(false);
        LogDeregistered(agentId);
    }

    public async Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        var most = Math.Clamp(claim.MaxTasks, 1, 1000);
        var until = time.GetUtcNow().AddMilliseconds(Math.Clamp(claim.WaitMs, 0, 60_000));
        while (true)
        {
            var wait = until - time.GetUtcNow();
            if (!node.IsCurrent && wait > TimeSpan.Zero)
            {
                // Others may offer by now what waits here. It is known as soon as the store answers.
                await Task.Delay(wait < Pause ? wait : Pause, time, cancellationToken).ConfigureAwait(false);
                continue;
            }

            var taken = node.IsCurrent ? await ready.TakeAsync(claim.AgentType, most, claim.AgentId is not null, wait, cancellationToken).ConfigureAwait(false) : [];
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
        var workflow = await FindOutstandingAsync(taskId, cancellationToken).ConfigureAwait(false);
        if (workflow is null || !attempts.TryHold(workflow, taskId, agentId))
        {
            return false;
        }

        holders.NoteStart(taskId);
        return true;
    }

    public async Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        // It listens before it looks: an attempt that is stopped between the two is not missed.
        using var stops = holders.Listen(heartbeat.AgentId);
        var known = await registry.TouchAsync(heartbeat, cancellationToken).ConfigureAwait(false);
        var cancels = await RenewAsync(heartbeat, cancellationToken).ConfigureAwait(false);
        if (!known || cancels.Count > 0)
        {
            return new HeartbeatReply { Known = known, Cancels = cancels };
        }

        // However patient the agent is: its leases need the next heartbeat in time.
        var wait = TimeSpan.FromMilliseconds(Math.Clamp(heartbeat.WaitMs, 0, _options.HeartbeatInterval.TotalMilliseconds));
        return new HeartbeatReply { Cancels = await stops.TakeAsync(wait, time, cancellationToken).ConfigureAwait(false) };
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
            if (workflow is null || !workflow.IsOutstanding(id))
            {
                continue;
            }

            var now = time.GetUtcNow();
            if (status.Log.Count > 0)
            {
                var lines = status.Log.Take(200).Select(Shorten).ToList();
                leases.Add(new NoteWrite { TaskId = id, Event = new AttemptLogged { At = now, Stage = stage, Attempt = attempt, Lines = lines } });
            }

            if (status.Message is not null || status.ProgressPercent is not null || status.Iteration is not null)
            {
                int? percent = status.ProgressPercent is { } value ? Math.Clamp(value, 0, 100) : null;
                var progressed = new AttemptProgressed { At = now, Stage = stage, Attempt = attempt, Message = status.Message is { } message ? Shorten(message) : null, ProgressPercent = percent, Iteration = status.Iteration };
                leases.Add(new NoteWrite { TaskId = id, Event = progressed });
            }
        }
    }

    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) => store.FindStepAsync(key, cancellationToken);

    public async Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken)
    {
        return await FindOutstandingAsync(taskId, cancellationToken).ConfigureAwait(false) is not null
            ? await store.RecordStepAsync(key, taskId.Attempt, result, time.GetUtcNow(), cancellationToken).ConfigureAwait(false)
            : null;
    }

    private async Task<HotWorkflow?> FindOutstandingAsync(TaskId taskId, CancellationToken cancellationToken)
    {
        if (cache.TryGet(taskId.WorkflowId) is { } hot && hot.IsOutstanding(taskId))
        {
            return hot;
        }

        var stored = await cache.ReloadAsync([taskId.WorkflowId], cancellationToken).ConfigureAwait(false);
        return stored.TryGetValue(taskId.WorkflowId, out var workflow) && workflow.IsOutstanding(taskId) ? workflow : null;
    }

    private async Task HandBackAsync(TaskId taskId, CancellationToken cancellationToken)
    {
        var input = new WorkflowInput.HandBack(taskId.Stage, taskId.Attempt) { At = time.GetUtcNow() };
        await committer.SubmitAsync(new CommitItem(taskId.WorkflowId, input), cancellationToken).ConfigureAwait(false);
        holders.Release(taskId);
    }

    private async Task<List<TaskEnvelope>> GiveAsync(List<ReadyTask> taken, TaskClaim claim, CancellationToken cancellationToken)
    {
        var given = new List<TaskEnvelope>(taken.Count);
        var begun = new List<TaskId>(taken.Count);
        List<ReadyTask> suspects = [];
        var done = false;
        try
        {
            if (node.HasPeers)
            {
                taken = await RefreshAsync(taken, cancellationToken).ConfigureAwait(false);
            }

            var workflows = await cache.LoadAsync(WorkflowsOf(taken), cancellationToken).ConfigureAwait(false);
            foreach (var task in taken)
            {
                var taskId = task.TaskId;

                // What was paused, canceled, overtaken or started while it waited is dropped; a resume offers it again.
                if (workflows.GetValueOrDefault(taskId.WorkflowId) is not { State.Paused: false } workflow)
                {
                    continue;
                }

                if (!quarantine.TryAdmit(workflow, taskId, claim.AgentId?.Value ?? claim.AgentType))
                {
                    suspects.Add(task with { AvailableAt = time.GetUtcNow() + Quarantine.Pause });
                    continue;
                }

                if (claim.AgentId is not { } agent)
                {
                    if (workflow.IsOutstanding(taskId) && holders.HolderOf(taskId) is null)
                    {
                        given.Add(await envelopes.BuildAsync(workflow, taskId, lease: null, cancellationToken).ConfigureAwait(false));
                    }
                }
                else if (attempts.TryBegin(workflow, taskId, agent))
                {
                    begun.Add(taskId);
                    given.Add(await envelopes.BuildAsync(workflow, taskId, _options.LeaseDuration, cancellationToken).ConfigureAwait(false));
                }
            }

            done = true;
            ready.Offer(suspects, time.GetUtcNow());
            return given;
        }
        finally
        {
            if (!done)
            {
                begun.ForEach(attempts.Undo);
                ready.Offer(taken, time.GetUtcNow());
            }
        }
    }

    private async Task<List<CancelEnvelope>> RenewAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        var cancels = new List<CancelEnvelope>();
        if (heartbeat.Running.Count == 0)
        {
            return cancels;
        }

        var known = new Dictionary<WorkflowId, HotWorkflow>(heartbeat.Running.Count);
        var doubtful = new HashSet<WorkflowId>();
        foreach (var taskId in heartbeat.Running)
        {
            if (cache.TryGet(taskId.WorkflowId) is { } hot && hot.IsOutstanding(taskId))
            {
                known[taskId.WorkflowId] = hot;
            }
            else
            {
                doubtful.Add(taskId.WorkflowId);
            }
        }

        foreach (var (id, workflow) in await cache.ReloadAsync(doubtful, cancellationToken).ConfigureAwait(false))
        {
            known[id] = workflow;
        }

        foreach (var taskId in heartbeat.Running)
        {
            var workflow = known.GetValueOrDefault(taskId.WorkflowId);
            if (workflow is null || !attempts.TryHold(workflow, taskId, heartbeat.AgentId))
            {
                cancels.Add(new CancelEnvelope { TaskId = taskId, Reason = workflow?.State.End is WorkflowStatus.Canceled ? "canceled" : "lost" });
            }
        }

        return cancels;
    }

    // While an attempt waited, another orchestrator may have canceled or paused its workflow, or resumed it: then that one offers it now. What did not wait is as this one has just written it.
    private async Task<List<ReadyTask>> RefreshAsync(List<ReadyTask> taken, CancellationToken cancellationToken)
    {
        var since = (time.GetUtcNow() - FreshFor).UtcTicks;
        var old = taken.FindAll(task => task.KnownAt < since);
        if (old.Count == 0)
        {
            return taken;
        }

        await cache.RefreshAsync(WorkflowsOf(old), cancellationToken).ConfigureAwait(false);
        var lost = old.Select(task => task.TaskId).ToHashSet();
        lost.ExceptWith(await store.ListWaitingAsync(node.Number, lost, cancellationToken).ConfigureAwait(false));
        return lost.Count == 0 ? taken : taken.FindAll(task => !lost.Contains(task.TaskId));
    }

    private static HashSet<WorkflowId> WorkflowsOf(List<ReadyTask> tasks)
    {
        var ids = new HashSet<WorkflowId>(tasks.Count);
        foreach (var task in tasks)
        {
            ids.Add(task.TaskId.WorkflowId);
        }

        return ids;
    }

    private static string Shorten(string text) => text.Length <= 4000 ? text : text[..4000];

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent {AgentId} of type {AgentType} ({Version}) registered")]
    private partial void LogRegistered(AgentId agentId, string agentType, string version);

    [LoggerMessage(Level = LogLevel.Information, Message = "Agent {AgentId} said goodbye")]
    private partial void LogDeregistered(AgentId agentId);
}
