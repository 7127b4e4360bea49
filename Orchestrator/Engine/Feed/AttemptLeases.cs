using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Gives agents leases on attempts: who holds one in memory, and until when in the store, a moment later.</summary>
internal sealed class AttemptLeases(AttemptHolders holders, LeaseBuffer leases, ClusterNode node, TimeProvider time, IOptions<EngineOptions> options)
{
    private readonly TimeSpan _duration = options.Value.LeaseDuration;

    /// <summary>Begins the lease of an attempt that nobody holds.</summary>
    /// <returns>Whether it began. False: the attempt is over, or somebody holds it.</returns>
    public bool TryBegin(HotWorkflow workflow, TaskId taskId, AgentId agentId) => Take(workflow, taskId, agentId) is Taken.Began;

    /// <summary>Renews the lease of an attempt that the agent holds, or begins it when nobody does: it was started through a broker, or before a restart.</summary>
    /// <returns>Whether the agent holds it. False: the attempt is over, or somebody else holds it.</returns>
    public bool TryHold(HotWorkflow workflow, TaskId taskId, AgentId agentId)
    {
        var taken = Take(workflow, taskId, agentId);
        if (taken is Taken.HadIt)
        {
            leases.Add(new LeaseWrite { TaskId = taskId, Status = AttemptStatus.Running, AgentId = agentId, LeaseExpiresAt = node.Now + _duration });
        }

        return taken is not Taken.No;
    }

    /// <summary>Undoes a lease that the agent never learned of.</summary>
    public void Undo(TaskId taskId)
    {
        holders.Release(taskId);
        leases.Remove(taskId);
    }

    private Taken Take(HotWorkflow workflow, TaskId taskId, AgentId agentId)
    {
        var now = time.GetUtcNow();
        if (!holders.TryHold(taskId, agentId, now, out var began))
        {
            return Taken.No;
        }

        // Looked at only now: an attempt that ended before it was held had nobody to tell; one that ends from here on has.
        if (!workflow.IsOutstanding(taskId))
        {
            holders.Release(taskId);
            return Taken.No;
        }

        if (!began)
        {
            return Taken.HadIt;
        }

        var present = node.Now;
        leases.Add(new LeaseWrite
        {
            TaskId = taskId,
            Status = AttemptStatus.Running,
            AgentId = agentId,
            StartedAt = now,
            LeaseExpiresAt = present + _duration,
            Deadline = present + workflow.DefinitionOf(taskId.Stage).Timeout,
        });
        return Taken.Began;
    }

    private enum Taken
    {
        No,
        Began,
        HadIt,
    }
}
