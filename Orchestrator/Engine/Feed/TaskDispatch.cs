using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The engine's side of a broker: notes what a broker holds, and offers again what it lost.</summary>
internal sealed class TaskDispatch(ReadyQueue ready, AttemptHolders holders, LeaseBuffer leases, WorkflowCache cache, TimeProvider time) : ITaskDispatch
{
    public void Confirm(IReadOnlyCollection<TaskId> tasks, DateTimeOffset deadline)
    {
        foreach (var taskId in tasks)
        {
            if (IsOutstanding(taskId) && holders.HolderOf(taskId) is null)
            {
                leases.Add(new LeaseWrite { TaskId = taskId, Status = AttemptStatus.Dispatched, Deadline = deadline });
            }
        }
    }

    public async Task<IReadOnlyList<DispatchReturn>> ReturnAsync(IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken)
    {
        await cache.LoadAsync(tasks.Select(task => task.WorkflowId).ToHashSet(), cancellationToken).ConfigureAwait(false);
        var (returns, offers) = (new List<DispatchReturn>(tasks.Count), new List<ReadyTask>());
        foreach (var taskId in tasks)
        {
            var returned = !IsOutstanding(taskId) ? DispatchReturn.Over : holders.HolderOf(taskId) is not null ? DispatchReturn.Held : DispatchReturn.Offered;
            returns.Add(returned);
            if (returned is DispatchReturn.Offered && cache.TryGet(taskId.WorkflowId) is { } workflow)
            {
                var stage = workflow.Definition.Stages.First(candidate => string.Equals(candidate.Name, taskId.Stage, StringComparison.Ordinal));
                offers.Add(new ReadyTask(taskId, stage.Agent, workflow.Header.Priority, null));
            }
        }

        ready.Offer(offers, time.GetUtcNow());
        return returns;
    }

    private bool IsOutstanding(TaskId taskId) => cache.TryGet(taskId.WorkflowId) is { } workflow && workflow.IsOutstanding(taskId.Stage, taskId.Attempt);
}
