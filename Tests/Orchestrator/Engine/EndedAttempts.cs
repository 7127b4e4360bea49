using System.Collections.Concurrent;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Engine;

/// <summary>What a broker learns of the ends of attempts.</summary>
internal sealed class EndedAttempts : ConcurrentQueue<TaskId>, IDispatchListener
{
    public Task JoinedAsync(AgentRegistration registration, CancellationToken cancellationToken) => Task.CompletedTask;

    public void Ended(TaskId taskId) => Enqueue(taskId);

    public void Stopped(TaskId taskId, string reason)
    {
        // Whoever stops it may still have it.
    }
}
