using Stack.Contracts;
using Stack.Messaging.Http;

namespace Stack.Tests.Conformance.Feeds;

/// <summary>An agent as a test plays it.</summary>
public sealed class FeedAgent(ITaskFeed feed, AgentId id, string agentType, int slots) : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;

    public ITaskFeed Feed { get; } = feed;

    public AgentId Id { get; } = id;

    public Task<AgentRegistered> RegisterAsync() => Feed.RegisterAsync(new AgentRegistration { AgentId = Id, AgentType = agentType, Version = "1", MaxConcurrency = slots }, None);

    public Task<IReadOnlyList<TaskEnvelope>> ClaimAsync(int waitMs, int most = 1) => Feed.ClaimAsync(new TaskClaim { AgentId = Id, AgentType = agentType, MaxTasks = most, WaitMs = waitMs }, None);

    /// <summary>Takes a task that must come, and starts it as agents do.</summary>
    public async Task<TaskEnvelope> TakeAsync()
    {
        for (var tries = 0; tries < 20; tries++)
        {
            foreach (var task in await ClaimAsync(waitMs: 1000))
            {
                if (task.LeaseMs is not null || await Feed.StartAsync(task.TaskId, Id, None))
                {
                    return task;
                }
            }
        }

        throw new TimeoutException("No task came within 20 s.");
    }

    /// <summary>Takes nothing, for a while.</summary>
    public async Task TakeNothingAsync(int waitMs = 500)
    {
        foreach (var task in await ClaimAsync(waitMs))
        {
            Assert.False(task.LeaseMs is not null || await Feed.StartAsync(task.TaskId, Id, None), $"{task.TaskId} was given out.");
        }
    }

    public async Task<ResultReceipt> ReportAsync(TaskId task, StageOutcome? outcome = null) => (await Feed.ReportAsync([Result(task, outcome)], None))[0];

    public ResultEnvelope Result(TaskId task, StageOutcome? outcome = null) => new() { TaskId = task, AgentId = Id, Outcome = outcome ?? new StageOutcome.Completed() };

    public Task<HeartbeatReply> HeartbeatAsync(int waitMs, params TaskId[] running) => Feed.HeartbeatAsync(new AgentHeartbeat { AgentId = Id, Running = running, WaitMs = waitMs }, None);

    /// <summary>Makes attempts, and reports each as completed, until it is told to stop.</summary>
    /// <param name="most">How many at once.</param>
    /// <param name="work">What an attempt does. Null: nothing.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <returns>Every attempt that it began, in order.</returns>
    public async Task<IReadOnlyList<TaskId>> WorkAsync(int most, Func<TaskEnvelope, Task>? work, CancellationToken cancellationToken)
    {
        var begun = new List<TaskId>();
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var tasks = await ClaimAsync(waitMs: 200, most);
                var mine = new List<TaskEnvelope>();
                foreach (var task in tasks)
                {
                    if (task.LeaseMs is not null || await Feed.StartAsync(task.TaskId, Id, None))
                    {
                        mine.Add(task);
                    }
                }

                begun.AddRange(mine.Select(task => task.TaskId));
                await Task.WhenAll(mine.Select(task => work?.Invoke(task) ?? Task.CompletedTask));
                await ReportUntilTakenAsync([.. mine.Select(task => Result(task.TaskId))]);
            }
            catch (TaskFeedException exception) when (exception.IsTransient)
            {
                await Task.Delay(100, CancellationToken.None);
            }
        }

        return begun;
    }

    private async Task ReportUntilTakenAsync(IReadOnlyList<ResultEnvelope> results)
    {
        while (results.Count > 0)
        {
            try
            {
                await Feed.ReportAsync(results, None);
                return;
            }
            catch (TaskFeedException exception) when (exception.IsTransient)
            {
                await Task.Delay(100, CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Feed is IAsyncDisposable asynchronous)
        {
            await asynchronous.DisposeAsync();
        }
        else
        {
            (Feed as IDisposable)?.Dispose();
        }
    }
}
