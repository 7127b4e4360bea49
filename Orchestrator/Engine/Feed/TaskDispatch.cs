using Stack.Contracts;

namespace Stack.Engine;

/// <summary>The engine's side of a broker: notes what a broker holds, and offers again what it lost.</summary>
internal sealed class TaskDispatch(ReadyQueue ready, AttemptHolders holders, LeaseBuffer leases, WorkflowCache cache, TimeProvider time) : ITaskDispatch
{
    public void Confirm(IReadOnlyCollection<TaskId> tasks, DateTimeOffset deadline)
    {
        foreach (var taskId in tasks)
        {
            if (cache.TryGet(taskId.WorkflowId)?.IsOutstanding(taskId) is not false && holders.HolderOf(taskId) is null)
            {
                leases.Add(new LeaseWrite { TaskId = taskId, Status = AttemptStatus.Dispatched, Deadline = deadline });
            }
        }
    }

    public int CountStarts(TaskId taskId) => holders.StartsOf(taskId);

    public async Task<IReadOnlyList<DispatchReturn>> ReturnAsync(IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken)
    {
        var workflows = await cache.LoadAsync(tasks.Select(task => task.WorkflowId).ToHashSet(), cancellationToken).ConfigureAwait(false);
        var (returns, offers) = (new List<DispatchReturn>(tasks.Count), new List<ReadyTask>());
        foreach (var taskId in tasks)
        {
            if (workflows.GetValueOrDefault(taskId.WorkflowId) is not { } workflow || !workflow.IsOutstanding(taskId))
            {
                returns.Add(DispatchReturn.Over);
            }
            else if (holders.HolderOf(taskId) is not null)
            {
                returns.Add(DispatchReturn.Held);
            }
            else
            {
                returns.Add(DispatchReturn.Offered);
                offers.Add(new ReadyTask(taskId, workflow.DefinitionOf(taskId.Stage).Agent, workflow.Header.Priority, null));
            }
        }

        ready.Offer(offers, time.GetUtcNow());
        return returns;
    }
}
