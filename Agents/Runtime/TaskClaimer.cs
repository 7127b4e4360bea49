using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Agents.Runtime;

/// <summary>Takes as many tasks as there are free slots and starts their attempts.</summary>
/// <param name="feed">Where tasks come from.</param>
/// <param name="kit">Who takes them.</param>
/// <param name="agent">Which tasks.</param>
/// <param name="table">The slots.</param>
/// <param name="executor">Makes the attempts.</param>
/// <param name="pause">Waits after a failure.</param>
/// <param name="wait">How long one claim waits for a task.</param>
/// <param name="logger">Where failures are written.</param>
internal sealed partial class TaskClaimer(
    ITaskFeed feed, AgentKit kit, IAgent agent, AttemptTable table, AttemptExecutor executor, RetryPause pause, TimeSpan wait, ILogger<TaskClaimer> logger)
{
    /// <summary>Takes tasks until it is told to stop.</summary>
    /// <param name="cancellationToken">Stops it; attempts that run go on.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                await RunOnceAsync(cancellationToken);
                pause.Reset();
            }
            catch (TaskFeedException exception)
            {
                LogFailed(pause.IsFresh && !exception.IsTransient ? LogLevel.Error : LogLevel.Debug, exception.Message);
                await pause.WaitAsync(exception.RetryAfter, cancellationToken);
            }
        }
    }

    /// <summary>Waits for a free slot, makes one claim and starts what it gave.</summary>
    /// <param name="cancellationToken">Ends the waits.</param>
    /// <returns>How many attempts were started.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        var free = await table.WaitForSlotAsync(cancellationToken);
        var claim = new TaskClaim { AgentId = kit.Home.Id, AgentType = agent.Type, MaxTasks = Math.Min(free, 1_000), WaitMs = (int)wait.TotalMilliseconds };
        var tasks = await feed.ClaimAsync(claim, cancellationToken);
        foreach (var task in tasks)
        {
            Begin(task);
        }

        return tasks.Count;
    }

    private void Begin(TaskEnvelope task)
    {
        var attempt = new RunningAttempt(task, kit.Time);
        if (table.TryBegin(attempt))
        {
            _ = Task.Run(() => executor.RunAsync(attempt), CancellationToken.None);
        }
        else
        {
            // Given out again after the orchestrator forgot that we have it: the attempt or its result is on its way.
            attempt.Dispose();
        }
    }

    [LoggerMessage(Message = "No tasks could be claimed. {Reason}")]
    private partial void LogFailed(LogLevel level, string reason);
}
