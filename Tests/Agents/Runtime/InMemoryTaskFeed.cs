using System.Collections.Concurrent;
using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Tests.Agents.Runtime;

/// <summary>The orchestrator's side of the port in memory: a queue, mailboxes for cancels, receipts by attempt number. It can be taken away and given back.</summary>
internal sealed class InMemoryTaskFeed : ITaskFeed
{
    private readonly Lock _gate = new();
    private readonly Queue<TaskEnvelope> _queue = new();
    private readonly Dictionary<AgentId, List<CancelEnvelope>> _mailboxes = [];
    private readonly ConcurrentDictionary<StepKey, JsonPayload> _steps = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal ConcurrentDictionary<AgentId, AgentRegistration> Agents { get; } = new();

    internal ConcurrentQueue<AgentId> Gone { get; } = new();

    internal ConcurrentDictionary<TaskId, ResultEnvelope> Results { get; } = new();

    internal ConcurrentQueue<StatusEnvelope> Statuses { get; } = new();

    internal ConcurrentQueue<AgentHeartbeat> Heartbeats { get; } = new();

    /// <summary>Every call in its order: the method, and for results each attempt.</summary>
    internal ConcurrentQueue<string> Calls { get; } = new();

    internal ConcurrentDictionary<TaskId, ReceiptStatus> Receipts { get; } = new();

    internal bool IsAway { get; set; }

    internal Func<IReadOnlyList<ResultEnvelope>, Exception?>? Refuse { get; set; }

    internal long HeartbeatIntervalMs { get; set; } = 1_000;

    internal int Claimed { get; private set; }

    internal void Enqueue(params IEnumerable<TaskEnvelope> tasks)
    {
        lock (_gate)
        {
            foreach (var task in tasks)
            {
                _queue.Enqueue(task);
            }
        }

        Wake();
    }

    internal void Cancel(AgentId agentId, TaskId taskId, string reason = "canceled")
    {
        lock (_gate)
        {
            (_mailboxes.TryGetValue(agentId, out var mailbox) ? mailbox : _mailboxes[agentId] = []).Add(new CancelEnvelope { TaskId = taskId, Reason = reason });
        }

        Wake();
    }

    internal async Task<ResultEnvelope> ResultOfAsync(TaskEnvelope task, double seconds = 20)
    {
        await Eventually.TrueAsync(() => Results.ContainsKey(task.TaskId), $"a result of {task.TaskId}", seconds);
        return Results[task.TaskId];
    }

    public Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        Called("register");
        Agents[registration.AgentId] = registration;
        return Task.FromResult(new AgentRegistered { HeartbeatIntervalMs = HeartbeatIntervalMs, LeaseMs = HeartbeatIntervalMs * 3 });
    }

    public Task DeregisterAsync(AgentId agentId, CancellationToken cancellationToken)
    {
        Called("deregister");
        Agents.TryRemove(agentId, out _);
        Gone.Enqueue(agentId);
        return Task.CompletedTask;
    }

    public async Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        Called("claim");
        return await WaitAsync<IReadOnlyList<TaskEnvelope>>(
            () =>
            {
                var tasks = new List<TaskEnvelope>();
                while (tasks.Count < claim.MaxTasks && _queue.TryDequeue(out var task))
                {
                    tasks.Add(task);
                }

                Claimed += tasks.Count;
                return tasks;
            },
            tasks => tasks.Count > 0,
            claim.WaitMs,
            cancellationToken);
    }

    public Task<bool> StartAsync(TaskId taskId, AgentId agentId, CancellationToken cancellationToken)
    {
        Called("start");
        return Task.FromResult(!Receipts.ContainsKey(taskId));
    }

    public async Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        Called("heartbeat");
        Heartbeats.Enqueue(heartbeat);
        return await WaitAsync(
            () => new HeartbeatReply { Known = Agents.ContainsKey(heartbeat.AgentId), Cancels = _mailboxes.Remove(heartbeat.AgentId, out var cancels) ? cancels : [] },
            reply => !reply.Known || reply.Cancels.Count > 0,
            heartbeat.WaitMs,
            cancellationToken);
    }

    public Task<IReadOnlyList<ResultReceipt>> ReportAsync(IReadOnlyList<ResultEnvelope> results, CancellationToken cancellationToken)
    {
        Called("report");
        if (Refuse?.Invoke(results) is { } refusal)
        {
            throw refusal;
        }

        return Task.FromResult<IReadOnlyList<ResultReceipt>>([.. results.Select(Receive)]);
    }

    public Task ReportStatusAsync(IReadOnlyList<StatusEnvelope> statuses, CancellationToken cancellationToken)
    {
        Called("statuses");
        foreach (var status in statuses)
        {
            Statuses.Enqueue(status);
        }

        return Task.CompletedTask;
    }

    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken)
    {
        Called("find step");
        return Task.FromResult(_steps.GetValueOrDefault(key));
    }

    public Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken)
    {
        Called("record step");
        return Task.FromResult(Receipts.ContainsKey(taskId) ? null : _steps.GetOrAdd(key, result));
    }

    private ResultReceipt Receive(ResultEnvelope result)
    {
        var status = Receipts.TryAdd(result.TaskId, ReceiptStatus.Accepted) ? ReceiptStatus.Accepted : ReceiptStatus.Duplicate;
        Results.TryAdd(result.TaskId, result);
        Calls.Enqueue($"result {result.TaskId}");
        return new ResultReceipt { TaskId = result.TaskId, Status = status };
    }

    private void Called(string method)
    {
        if (IsAway)
        {
            throw new TaskFeedException("The orchestrator is away.", isTransient: true);
        }

        Calls.Enqueue(method);
    }

    private void Wake()
    {
        TaskCompletionSource changed;
        lock (_gate)
        {
            changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }

        changed.TrySetResult();
    }

    private async Task<T> WaitAsync<T>(Func<T> take, Func<T, bool> isEnough, int waitMs, CancellationToken cancellationToken)
    {
        var until = DateTimeOffset.UtcNow.AddMilliseconds(waitMs);
        while (true)
        {
            Task changed;
            T taken;
            lock (_gate)
            {
                taken = take();
                changed = _changed.Task;
            }

            var left = until - DateTimeOffset.UtcNow;
            if (isEnough(taken) || left <= TimeSpan.Zero)
            {
                return taken;
            }

            await Task.WhenAny(changed, Task.Delay(left, cancellationToken));
            cancellationToken.ThrowIfCancellationRequested();
        }
    }
}
