using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What follows once a transaction is durable: attempts are offered, agents told to stop, workspaces moved, readers of events woken.</summary>
internal sealed class CommitEffects(
    ReadyQueue ready,
    AttemptHolders holders,
    LeaseBuffer leases,
    WorkspaceAdvancer workspaces,
    ClaimBoard claims,
    EventSignal signal,
    IEnumerable<IDispatchListener> listeners,
    TimeProvider time)
{
    private readonly IDispatchListener[] _listeners = [.. listeners];

    public void Apply(List<CommitDraft> written, CommitOutcome outcome)
    {
        var offers = new List<ReadyTask>(written.Count);
        foreach (var draft in written)
        {
            if (!draft.HasChanges)
            {
                continue;
            }

            foreach (var ended in draft.EndedAttempts)
            {
                var taskId = new TaskId(draft.Workflow.Header.Id, ended.Stage, ended.Attempt);
                leases.Remove(taskId);
                if (holders.HolderOf(taskId) is null)
                {
                    // It ended without ever being given out here: its agent had it from before a restart, or from another orchestrator.
                    ready.Withdraw(taskId, draft.Workflow.DefinitionOf(ended.Stage).Agent);
                }

                End(taskId);
            }

            foreach (var settled in draft.SettledAttempts)
            {
                claims.Settled(new TaskId(draft.Workflow.Header.Id, settled.Stage, settled.Attempt));
            }

            foreach (var begun in draft.NewAttempts)
            {
                if (!draft.State.IsOutstanding(begun.Stage, begun.Attempt))
                {
                    // It was taken over from another workflow, and is over.
                    continue;
                }

                if (begun is { Parked: true, AvailableAt: null })
                {
                    ready.LaneOf(begun.AgentType).Parked(begun.Priority);
                }
                else if (!begun.Parked)
                {
                    offers.Add(new ReadyTask(new TaskId(draft.Workflow.Header.Id, begun.Stage, begun.Attempt), begun.AgentType, begun.Priority, begun.AvailableAt));
                }
            }

            foreach (var (item, decision) in draft.Items)
            {
                ApplyDecision(draft, item, decision, outcome, offers);
            }
        }

        ready.Offer(offers, time.GetUtcNow());
        if (outcome.LastEventId > 0)
        {
            signal.Set(outcome.LastEventId);
        }
    }

    /// <summary>Makes up for effects that a workflow may lack: it was perhaps written, but nobody was told. Idempotent.</summary>
    /// <returns>What waits for an agent and must be offered.</returns>
    public IReadOnlyList<ReadyTask> TakeUp(HotWorkflow workflow)
    {
        var state = workflow.State;
        StopWhatIsOver(workflow, holders.HeldOf(state.Id));
        if (state.HeadCommit is { } head)
        {
            workspaces.Enqueue(state.Id, head, [.. state.Stages.SelectMany(stage => stage.References)]);
        }

        foreach (var stage in state.Stages)
        {
            if (state.IsVerifying(stage.Name, stage.Attempt))
            {
                claims.Post(new TaskId(state.Id, stage.Name, stage.Attempt));
            }
        }

        signal.Wake();
        return state.End is null ? [.. state.Stages.Select(stage => OfferOf(workflow, stage)).OfType<ReadyTask>()] : [];
    }

    /// <summary>Tells agents to stop what is no longer outstanding, whoever ended it.</summary>
    /// <param name="workflow">The workflow. Null: it is gone.</param>
    /// <param name="held">What agents hold of it.</param>
    /// <returns>How many attempts were over.</returns>
    public int StopWhatIsOver(HotWorkflow? workflow, IEnumerable<TaskId> held)
    {
        var stopped = 0;
        foreach (var taskId in held)
        {
            if (workflow?.IsOutstanding(taskId) == true)
            {
                continue;
            }

            if (workflow is null)
            {
                holders.Stop(taskId, "lost");
            }
            else
            {
                Stop(workflow, taskId, workflow.State.End is WorkflowStatus.Canceled);
                leases.Remove(taskId);
            }

            // Whoever ended it was perhaps another orchestrator, whose listeners heard of it.
            End(taskId);
            stopped++;
        }

        return stopped;
    }

    private void End(TaskId taskId)
    {
        foreach (var listener in _listeners)
        {
            listener.Ended(taskId);
        }
    }

    private void ApplyDecision(CommitDraft draft, CommitItem item, Decision decision, CommitOutcome outcome, List<ReadyTask> offers)
    {
        foreach (var stopped in decision.ToStop)
        {
            Stop(draft.Workflow, stopped, item.Input is WorkflowInput.Cancel);
        }

        foreach (var offered in decision.ToOffer)
        {
            if (outcome.Claimed.Contains(offered) && draft.State.Find(offered.Stage) is { } stage && OfferOf(draft.Workflow, stage) is { } offer)
            {
                offers.Add(offer);
            }
        }

        if (item.Input is WorkflowInput.Submit { Takeovers: { Count: > 0 } taken } && draft.State.HeadCommit is { } head)
        {
            // The newest of a name counts.
            workspaces.Enqueue(draft.Workflow.Header.Id, head, [.. taken.Reverse().SelectMany(takeover => takeover.References)]);
        }

        if (item.Input is not (WorkflowInput.Report or WorkflowInput.Judge) || decision.Verdict is not Verdict.Applied)
        {
            return;
        }

        if (item.Input is WorkflowInput.Report report)
        {
            holders.Release(report.Result.TaskId);
        }

        foreach (var happened in decision.Events)
        {
            switch (happened)
            {
                case StageCompleted { Commit: { } commit } completed:
                    workspaces.Enqueue(draft.Workflow.Header.Id, commit, completed.References ?? []);
                    break;
                case StageClaimed claimed:
                    claims.Post(new TaskId(draft.Workflow.Header.Id, claimed.Stage!, claimed.Attempt ?? 0));
                    break;
            }
        }
    }

    private void Stop(HotWorkflow workflow, TaskId taskId, bool canceled)
    {
        var reason = canceled ? "canceled" : "lost";
        holders.Stop(taskId, reason);
        ready.Withdraw(taskId, workflow.DefinitionOf(taskId.Stage).Agent);
        foreach (var listener in _listeners)
        {
            listener.Stopped(taskId, reason);
        }
    }

    // What an agent holds is not offered; when it gives it back it has another number.
    private ReadyTask? OfferOf(HotWorkflow workflow, StageState stage)
    {
        var taskId = new TaskId(workflow.Header.Id, stage.Name, stage.Attempt);
        return stage.Status is StageStatus.Pending && holders.HolderOf(taskId) is null
            ? new ReadyTask(taskId, workflow.DefinitionOf(stage.Name).Agent, workflow.Header.Priority, stage.AvailableAt)
            : null;
    }
}
