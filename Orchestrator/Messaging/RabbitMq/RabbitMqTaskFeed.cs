using Microsoft.Extensions.Logging;
using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// The task feed of an agent behind a broker. Tasks, statuses and results travel through RabbitMQ; membership, heartbeats and durable steps, which want an answer, go to the orchestrator
/// over the feed that this one wraps. While the broker is away results and statuses take that way too.
/// </summary>
/// <remarks>
/// A task is acknowledged when the broker has its result on disk, so that a result is always in one of two places. <see cref="ReceiptStatus.Accepted"/> therefore says that the result is
/// safe, not that it counts: that is decided where it arrives. An attempt that was delivered to another agent before is begun only when the orchestrator says that it is current.
/// Failures are <see cref="TaskFeedException"/>.
/// </remarks>
public sealed partial class RabbitMqTaskFeed : ITaskFeed, IAsyncDisposable
{
    private const int MostPerMessage = 100;
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan JoinPatience = TimeSpan.FromSeconds(2);
    private readonly ITaskFeed _inner;
    private readonly HeldTasks _held = new();
    private readonly Probation _probation;
    private readonly RabbitMqTopology _topology;
    private readonly RabbitMqLink _link;
    private readonly RabbitMqLink _publishingLink;
    private readonly ConfirmedPublisher _publisher;
    private readonly TaskSubscription _tasks;
    private readonly CancelSubscription _cancels;
    private readonly StartNotices _notices;
    private readonly TimeProvider _time;
    private readonly ILogger<RabbitMqTaskFeed> _logger;
    private readonly CancellationTokenSource _life = new();
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, byte> _avoided = new(StringComparer.Ordinal);
    private readonly Lock _gate = new();
    private readonly BatchPace _pace = new();
    private Task[] _loops = [];
    private long _lastHeartbeat;
    private long _heartbeatIntervalMs;
    private int _disposed;

    /// <summary>Makes the feed. It connects when the agent registers.</summary>
    /// <param name="inner">The feed for everything that wants an answer.</param>
    /// <param name="options">The broker.</param>
    /// <param name="time">The clock.</param>
    /// <param name="random">Spreads the pauses.</param>
    /// <param name="loggers">Where troubles are written.</param>
    public RabbitMqTaskFeed(ITaskFeed inner, RabbitMqOptions options, TimeProvider time, Random random, ILoggerFactory loggers)
    {
        (_inner, _time, _logger) = (inner, time, loggers.CreateLogger<RabbitMqTaskFeed>());
        _probation = new Probation(_held, time);
        _topology = new RabbitMqTopology(options, loggers.CreateLogger<RabbitMqTopology>());

        // A server that is short of memory stops reading from connections that publish; the other one goes on acknowledging.
        _link = new RabbitMqLink(options, _topology, "stack agent, tasks", time, random, loggers.CreateLogger<RabbitMqLink>());
        _publishingLink = new RabbitMqLink(options, _topology, "stack agent, results", time, random, loggers.CreateLogger<RabbitMqLink>());
        _publisher = new ConfirmedPublisher(_publishingLink, time);
        _tasks = new TaskSubscription(_held, _link, options, time, loggers.CreateLogger<TaskSubscription>());
        _cancels = new CancelSubscription(_held, _tasks, _link);
        _notices = new StartNotices(_held, _publisher, options, time, loggers.CreateLogger<StartNotices>());
    }

    /// <summary>Why the broker cannot be used now. Null: it can.</summary>
    public string? Trouble => _link.Trouble ?? _publishingLink.Trouble;

    /// <inheritdoc />
    public async Task<AgentRegistered> RegisterAsync(AgentRegistration registration, CancellationToken cancellationToken)
    {
        var capabilities = registration.Capabilities.Append(RabbitMqNames.Capability).Distinct(StringComparer.Ordinal);
        var registered = await _inner.RegisterAsync(registration with { Capabilities = [.. capabilities] }, cancellationToken);
        Interlocked.Exchange(ref _heartbeatIntervalMs, registered.HeartbeatIntervalMs);
        lock (_gate)
        {
            if (_loops.Length == 0)
            {
                _loops = [_tasks.RunAsync(registration, _life.Token), _cancels.RunAsync(registration.AgentId, _life.Token), _notices.RunAsync(_life.Token)];
            }
        }

        // An agent that has joined can claim; a broker that is away does not keep it from joining.
        Task connecting = Task.WhenAll(_link.ConnectedAsync(cancellationToken), _publishingLink.ConnectedAsync(cancellationToken));
        await connecting
            .WaitAsync(JoinPatience, _time, cancellationToken)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return registered;
    }

    /// <inheritdoc />
    public async Task DeregisterAsync(AgentId agentId, CancellationToken cancellationToken)
    {
        await StopAsync();
        await _inner.DeregisterAsync(agentId, cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(TaskClaim claim, CancellationToken cancellationToken)
    {
        var claimed = new List<TaskEnvelope>();
        var until = _time.GetTimestamp() + (long)(claim.WaitMs / 1000.0 * _time.TimestampFrequency);
        while (claimed.Count == 0)
        {
            while (claimed.Count < claim.MaxTasks && _probation.TakeNext(_tasks.Offered) is { } next)
            {
                claimed.Add(next.Task);
            }

            if (claimed.Count == 0)
            {
                var left = _time.GetElapsedTime(_time.GetTimestamp(), until);
                if (!await WaitAsync(_probation.HasWaiting && left > LookAgain ? LookAgain : left, cancellationToken) && left <= LookAgain)
                {
                    break;
                }

                await _pace.GatherAsync();
            }
        }

        _pace.Took(claimed.Count);
        return claimed.Count > 0 || Trouble is not { } trouble ? claimed : throw new TaskFeedException($"RabbitMQ cannot be used, and no tasks come. {trouble}", isTransient: true);
    }

    /// <inheritdoc />
    public async Task<bool> StartAsync(TaskId taskId, AgentId agentId, CancellationToken cancellationToken)
    {
        if (_held.Find(taskId) is not { } task)
        {
            return await _inner.StartAsync(taskId, agentId, cancellationToken);
        }

        if (!task.IsDoubtful)
        {
            _notices.Begun(taskId, agentId);
            return true;
        }

        if (!await _inner.StartAsync(taskId, agentId, cancellationToken))
        {
            await SettleAsync([taskId], done: true);
            return false;
        }

        task.IsNoticed = true;
        return true;
    }

    /// <inheritdoc />
    public async Task<HeartbeatReply> HeartbeatAsync(AgentHeartbeat heartbeat, CancellationToken cancellationToken)
    {
        if (heartbeat.Status is AgentStatus.Draining)
        {
            await _tasks.DrainAsync();
        }

        // What the agent dropped without a result is over for the broker too. It does not name the youngest, and one may be handed out while the heartbeat is made, so only older ones are looked at;
        // the last heartbeat may have been a moment ago, when there is much to stop.
        var now = _time.GetTimestamp();
        var old = now - (long)(Interlocked.Read(ref _heartbeatIntervalMs) / 1000.0 * _time.TimestampFrequency);
        await SettleAsync(_held.ListDropped(heartbeat.Running.ToHashSet(), Math.Min(old, Interlocked.Exchange(ref _lastHeartbeat, now))), done: false);
        using var asking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var answer = _inner.HeartbeatAsync(heartbeat, asking.Token);
        var heard = _cancels.HeardAsync(asking.Token);
        await Task.WhenAny(answer, heard);
        var reply = new HeartbeatReply();
        if (!answer.IsCompleted)
        {
            await asking.CancelAsync();
            await ((Task)answer).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
        }
        else
        {
            reply = await answer;
            await asking.CancelAsync();
        }

        reply = reply with { Cancels = [.. reply.Cancels, .. _cancels.Take()] };
        await SettleAsync(reply.Cancels.Select(cancel => cancel.TaskId).ToList(), done: true);
        return reply;
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<ResultReceipt>> ReportAsync(IReadOnlyList<ResultEnvelope> results, CancellationToken cancellationToken)
    {
        IReadOnlyList<ResultReceipt> receipts;
        try
        {
            await _publisher.PublishAsync(MessagesOf(results), cancellationToken);
            receipts = [.. results.Select(result => new ResultReceipt { TaskId = result.TaskId, Status = ReceiptStatus.Accepted })];
        }
        catch (BrokerUnavailableException exception)
        {
            if (exception.IsSilence)
            {
                // Perhaps the queue of one orchestrator: what is left for it goes to all of them.
                Avoid(results);
            }

            LogOverHttp(results.Count, exception.Message);
            receipts = await _inner.ReportAsync(results, cancellationToken);
        }

        await SettleAsync([.. results.Select(result => result.TaskId)], done: true);
        return receipts;
    }

    /// <inheritdoc />
    public async Task ReportStatusAsync(IReadOnlyList<StatusEnvelope> statuses, CancellationToken cancellationToken)
    {
        var messages = new List<OutgoingMessage>(statuses.Count + 1);
        foreach (var status in statuses)
        {
            if (_notices.Take(status.TaskId, status.AgentId) is { } notice)
            {
                messages.Add(notice);
            }

            messages.Add(EnvelopeMessages.OfReply(status, ReplyTo(status.TaskId)));
        }

        try
        {
            await _publisher.PublishAsync(messages, cancellationToken);
        }
        catch (BrokerUnavailableException)
        {
            await _inner.ReportStatusAsync(statuses, cancellationToken);
        }
    }

    /// <inheritdoc />
    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) => _inner.FindStepAsync(key, cancellationToken);

    /// <inheritdoc />
    public Task<JsonPayload?> RecordStepAsync(TaskId taskId, StepKey key, JsonPayload result, CancellationToken cancellationToken) =>
        _inner.RecordStepAsync(taskId, key, result, cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        await StopAsync();
        await _publisher.DisposeAsync();
        await _link.DisposeAsync();
        await _publishingLink.DisposeAsync();
        _life.Dispose();
    }

    private async Task StopAsync()
    {
        await _life.CancelAsync();
        await Task.WhenAll(_loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private string? ReplyTo(TaskId taskId) => _held.Find(taskId)?.ReplyTo is { } queue && !_avoided.ContainsKey(queue) ? queue : null;

    private List<OutgoingMessage> MessagesOf(IReadOnlyList<ResultEnvelope> results)
    {
        var messages = new List<OutgoingMessage>(1);
        foreach (var group in results.GroupBy(result => ReplyTo(result.TaskId), StringComparer.Ordinal))
        {
            messages.AddRange(group.Chunk(MostPerMessage).Select(chunk => EnvelopeMessages.OfResults(chunk, group.Key)));
        }

        foreach (var result in results)
        {
            if (_held.Find(result.TaskId) is { } held)
            {
                // It says more than a notice that it was begun.
                held.IsNoticed = true;
            }
        }

        return messages;
    }

    private void Avoid(IReadOnlyList<ResultEnvelope> results)
    {
        foreach (var result in results)
        {
            if (_held.Find(result.TaskId)?.ReplyTo is { } queue)
            {
                _avoided[queue] = 0;
            }
        }
    }

    private Task SettleAsync(IReadOnlyCollection<TaskId> tasks, bool done)
    {
        if (tasks.Count == 0)
        {
            return Task.CompletedTask;
        }

        var settled = new List<HeldTask>(tasks.Count);
        foreach (var task in tasks)
        {
            if (_held.Remove(task, done) is { } found)
            {
                settled.Add(found);
            }
        }

        return _tasks.SettleAsync(settled);
    }

    private async Task<bool> WaitAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        if (limit <= TimeSpan.Zero)
        {
            return false;
        }

        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var waiting = _tasks.Offered.WaitToReadAsync(timeout.Token).AsTask();
        if (!waiting.IsCompleted)
        {
            timeout.CancelAfter(limit);
        }

        try
        {
            return await waiting;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Count} results go to the orchestrator directly: the broker did not take them. {Reason}")]
    private partial void LogOverHttp(int count, string reason);
}
