using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>
/// Sends heartbeats, which renew the leases of all held attempts and are held open by the orchestrator until there is an attempt to stop: so a cancel arrives at once.
/// </summary>
/// <param name="feed">Where they go.</param>
/// <param name="table">The attempts.</param>
/// <param name="health">How the agent feels.</param>
/// <param name="membership">Who the agent is to the orchestrator.</param>
/// <param name="pause">Waits after a failure.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">Where cancels and failures are written.</param>
internal sealed partial class LeaseKeeper(
    ITaskFeed feed, AttemptTable table, HealthMeter health, AgentMembership membership, RetryPause pause, TimeProvider time, ILogger<LeaseKeeper> logger)
{
    private static readonly TimeSpan LeastInterval = TimeSpan.FromMilliseconds(250);

    /// <summary>Whether the agent finishes what it has and takes no more.</summary>
    public bool IsDraining { get; set; }

    /// <summary>Sends heartbeats until it is told to stop.</summary>
    /// <param name="cancellationToken">Stops it.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = time.GetTimestamp();
            try
            {
                var stopped = await RunOnceAsync(cancellationToken);
                membership.Reached();
                if (pause.Reset())
                {
                    LogRecovered();
                }

                if (stopped == 0)
                {
                    await RestAsync(started, cancellationToken);
                }
            }
            catch (TaskFeedException exception)
            {
                membership.Missed(exception.Message);
                LogFailed(pause.IsFresh ? LogLevel.Warning : LogLevel.Debug, exception.Message);
                await pause.WaitAsync(exception.RetryAfter, cancellationToken);
            }
        }
    }

    /// <summary>Sends one heartbeat, stops the attempts that the answer names, and registers again when the orchestrator does not know us.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many attempts were told to stop.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var reply = await feed.HeartbeatAsync(Heartbeat(), cancellationToken);
        var stopped = 0;
        foreach (var cancel in reply.Cancels)
        {
            if (table.Find(cancel.TaskId) is { } attempt)
            {
                stopped++;
                LogCanceled(cancel.TaskId.WorkflowId, cancel.TaskId.Stage, cancel.TaskId.Attempt, cancel.Reason);

                // Stopping runs callbacks of the attempt; they must not hold up the heartbeat.
                _ = Task.Run(() => attempt.Stop(StopReason.Canceled), CancellationToken.None);
            }
        }

        if (!reply.Known)
        {
            LogUnknown();
            await membership.JoinAsync(cancellationToken);
        }

        return stopped;
    }

    private AgentHeartbeat Heartbeat() => new()
    {
        AgentId = membership.AgentId,
        Running = table.HeldFor(membership.HeartbeatInterval / 2),
        Status = IsDraining ? AgentStatus.Draining : table.Running >= table.Slots ? AgentStatus.Busy : AgentStatus.Online,
        Health = health.Health,
        TasksProcessed = health.Processed,
        Errors = health.Errors,
        WaitMs = (int)membership.HeartbeatInterval.TotalMilliseconds,
    };

    // An orchestrator that does not hold the call open, or an attempt that it names again and again, must not make this a busy loop.
    private async Task RestAsync(long started, CancellationToken cancellationToken)
    {
        var left = LeastInterval - time.GetElapsedTime(started);
        if (left > TimeSpan.Zero)
        {
            await Task.Delay(left, time, cancellationToken);
        }
    }

    [LoggerMessage(LogLevel.Information, "{Workflow} {Stage}#{Attempt}: told to stop ({Reason})")]
    private partial void LogCanceled(WorkflowId workflow, string stage, int attempt, string reason);

    [LoggerMessage(Message = "The heartbeat failed; running attempts go on, and it is tried again. {Reason}")]
    private partial void LogFailed(LogLevel level, string reason);

    [LoggerMessage(LogLevel.Information, "The orchestrator answers again")]
    private partial void LogRecovered();

    [LoggerMessage(LogLevel.Information, "The orchestrator does not know this agent any more; registering again")]
    private partial void LogUnknown();
}
