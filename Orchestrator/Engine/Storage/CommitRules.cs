using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What every store asks of a batch before it writes, and how every store reads one.</summary>
public static class CommitRules
{
    /// <summary>The size in bytes above which an output goes to a content-addressed blob.</summary>
    public const int MaxInlineOutputBytes = 64 * 1024;

    /// <summary>Refuses a batch that no store can write.</summary>
    /// <param name="batch">The batch.</param>
    /// <exception cref="StoreInvariantException">It contradicts itself. Nothing was written.</exception>
    public static void Verify(CommitBatch batch)
    {
        var seen = batch.Workflows.Count > 1 ? new HashSet<WorkflowId>(batch.Workflows.Count) : null;
        foreach (var write in batch.Workflows)
        {
            Verify(write);
            if (seen is not null && !seen.Add(write.State.Id))
            {
                throw Refuse(write, "is in the batch twice; write each workflow once per batch");
            }
        }

        foreach (var lease in batch.Leases)
        {
            Verify(lease);
        }

        foreach (var note in batch.Notes)
        {
            if (note.Event is not (AttemptStarted or AttemptProgressed or AttemptLogged))
            {
                throw new StoreInvariantException($"The note on attempt {note.TaskId} is a {note.Event.GetType().Name}; only started, progressed and logged are notes, others belong to a workflow write.");
            }
        }
    }

    /// <summary>
    /// The leases that are worth writing. Under load an attempt often begins and ends within one batch; when its end names who made it and since when,
    /// the lease says nothing more.
    /// </summary>
    /// <param name="batch">The batch.</param>
    public static IEnumerable<LeaseWrite> OpenLeases(CommitBatch batch)
    {
        if (batch.Leases.Count == 0 || batch.Workflows.Count == 0)
        {
            return batch.Leases;
        }

        var ended = new HashSet<TaskId>();
        foreach (var write in batch.Workflows)
        {
            foreach (var end in write.EndedAttempts)
            {
                if (end.AgentId is not null && end.StartedAt is not null)
                {
                    ended.Add(new TaskId(write.State.Id, end.Stage, end.Attempt));
                }
            }
        }

        return ended.Count == 0 ? batch.Leases : batch.Leases.Where(lease => !ended.Contains(lease.TaskId));
    }

    /// <summary>Whether an end is a success that counts: a retry may have taken it back in the same write.</summary>
    /// <param name="write">The write.</param>
    /// <param name="end">One of its ends.</param>
    public static bool Counts(WorkflowWrite write, AttemptEnd end)
    {
        var completed = false;
        foreach (var happened in write.Events)
        {
            completed |= happened is StageCompleted && happened.Attempt == end.Attempt && string.Equals(happened.Stage, end.Stage, StringComparison.Ordinal);
            if (completed && happened is WorkflowRetried retried && retried.Stages.Contains(end.Stage))
            {
                return false;
            }
        }

        return end.Status is AttemptStatus.Completed;
    }

    private static void Verify(WorkflowWrite write)
    {
        if (write.State.Version != write.ExpectedVersion + 1)
        {
            throw Refuse(write, $"has version {write.State.Version} although version {write.ExpectedVersion} is expected in the store; a write raises it by one");
        }

        if (write.Header is null != write.ExpectedVersion > 0)
        {
            throw Refuse(write, "must have a header when it is new, and none otherwise");
        }

        if (write.Header is { } header && header.Id != write.State.Id)
        {
            throw Refuse(write, $"has the header of {header.Id}");
        }

        if (write.Idempotency is { } key && (write.Header is null || key.WorkflowId != write.State.Id))
        {
            throw Refuse(write, $"has the idempotency key '{key.Key}', which only a new workflow can have, for itself");
        }

        foreach (var end in write.EndedAttempts)
        {
            if (!end.Status.IsOver())
            {
                throw Refuse(write, $"ends attempt {end.Attempt} of {end.Stage} as {StatusNames.Of(end.Status)}, which is no end");
            }
        }

        foreach (var settled in write.SettledAttempts)
        {
            if (settled.Status is not (AttemptStatus.Completed or AttemptStatus.Failed or AttemptStatus.Canceled))
            {
                throw Refuse(write, $"settles the claim of attempt {settled.Attempt} of {settled.Stage} as {StatusNames.Of(settled.Status)}; a claim becomes completed, failed or canceled");
            }
        }
    }

    private static void Verify(LeaseWrite lease)
    {
        var sound = lease.Status switch
        {
            AttemptStatus.Running => lease.AgentId is not null && lease.LeaseExpiresAt is not null,
            AttemptStatus.Dispatched => lease.AgentId is null && lease.LeaseExpiresAt is null,
            _ => false,
        };
        if (!sound)
        {
            throw new StoreInvariantException(
                $"The lease of attempt {lease.TaskId} is {StatusNames.Of(lease.Status)}; it must be running with an agent and an expiry, or dispatched with neither.");
        }
    }

    private static StoreInvariantException Refuse(WorkflowWrite write, string what) => new($"Workflow {write.State.Id} {what}.");
}
