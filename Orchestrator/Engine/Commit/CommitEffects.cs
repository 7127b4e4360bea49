using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What follows once a transaction is durable: attempts are offered, agents told to stop, workspaces moved, readers of events woken.</summary>
internal sealed class CommitEffects(
    ReadyQueue ready,
    AttemptHolders holders,
    LeaseBuffer leases,
    WorkspaceAdvancer workspaces,
    EventSignal signal,
    IEnumerable<IDispatchListener> listeners,
    TimeProvider time)
{
    private readonly IDispatchListener[] _listeners = [.. listeners];

    public void Apply(List<CommitDraft> written, long lastEventId)
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
                foreach (var listener in _listeners)
                {
                    listener.Ended(taskId);
                }
            }

            foreach (var begun in draft.NewAttempts)
            {
                if (draft.State.End is null)
                {
                    offers.Add(new ReadyTask(new TaskId(draft.Workflow.Header.Id, begun.Stage, begun.Attempt), begun.AgentType, begun.Priority, begun.AvailableAt));
                }
            }

            foreach (var (item, decision) in draft.Items)
            {
                ApplyDecision(draft, item, decision, offers);
            }
        }

        ready.Offer(offers, time.GetUtcNow());
        if (lastEventId > 0)
        {
            signal.Set(lastEventId);
        }
    }

    private void ApplyDecision(CommitDraft draft, CommitItem item, Decision decision, List<ReadyTask> offers)
    {
        foreach (var stopped in decision.ToStop)
        {
            var reason = item.Input is WorkflowInput.Cancel ? "canceled" : "lost";
            holders.Stop(stopped, reason);
            foreach (var listener in _listeners)
            {
                listener.Stopped(stopped, reason);
            }
        }

        foreach (var offered in decision.ToOffer)
        {
            var stage = draft.State.Find(offered.Stage);
            if (stage is { Status: StageStatus.Pending } && holders.HolderOf(offered) is null)
            {
                var definition = draft.Workflow.Definition.Stages.First(candidate => candidate.Name == offered.Stage);
                offers.Add(new ReadyTask(offered, definition.Agent, draft.Workflow.Header.Priority, stage.AvailableAt));
            }
        }

        if (item.Input is not WorkflowInput.Report report || decision.Verdict is not Verdict.Applied)
        {
            return;
        }

        holders.Release(report.Result.TaskId);
        if (report.Commit is not null && report.Result.Outcome is StageOutcome.Completed)
        {
            workspaces.Enqueue(draft.Workflow.Header.Id, report.Commit, report.Result.Change?.References ?? []);
        }
    }
}
