using System.Globalization;
using Stack.Contracts;

namespace Stack.Engine;

/// <summary>Folds one batch into a state: throws, and the state is as it was, or gives the whole.</summary>
internal sealed class InMemoryCommit(InMemoryState state)
{
    private readonly List<WorkflowId> _conflicts = [];
    private readonly List<WorkflowId> _idempotencyConflicts = [];
    private readonly List<TaskId> _claimed = [];
    private readonly long _lastEventIdBefore = state.LastEventId;
    private InMemoryState _state = state;

    public (InMemoryState State, CommitOutcome Outcome) Write(CommitBatch batch)
    {
        // What an attempt said of itself happened before it ended in the same batch.
        var early = batch.Notes.Where(note => !TryWrite(note)).ToList();
        foreach (var write in batch.Workflows)
        {
            Write(write, batch.Node);
        }

        foreach (var lease in CommitRules.OpenLeases(batch))
        {
            Lease(lease);
        }

        early.ForEach(note => TryWrite(note));
        var outcome = new CommitOutcome
        {
            Conflicts = _conflicts,
            IdempotencyConflicts = _idempotencyConflicts,
            Claimed = _claimed,
            LastEventId = _state.LastEventId > _lastEventIdBefore ? _state.LastEventId : 0,
        };
        return (_state, outcome);
    }

    private void Write(WorkflowWrite write, int node)
    {
        var id = write.State.Id;
        var before = _state.Workflows.GetValueOrDefault(id);
        if ((before?.Stored.State.Version ?? 0) != write.ExpectedVersion)
        {
            _conflicts.Add(id);
            return;
        }

        if (write.Idempotency is { } key)
        {
            if (_state.IdempotencyKeys.ContainsKey(key.Key))
            {
                _idempotencyConflicts.Add(id);
                return;
            }

            _state = _state with { IdempotencyKeys = _state.IdempotencyKeys.Add(key.Key, key) };
        }

        RefuseHalfEnded(write);
        var stored = new StoredWorkflow(before?.Stored.Header ?? write.Header!, write.State, write.DisplayState, write.CurrentStage, write.Progress);
        var workflow = before is null ? new InMemoryWorkflow(stored) : before with { Stored = stored };
        workflow = write.Events.OfType<WorkflowRetried>().Aggregate(workflow, TakeBack);
        workflow = write.NewAttempts.Aggregate(workflow, (current, begun) => Insert(current, begun, node));
        workflow = write.EndedAttempts.Aggregate(workflow, (current, end) => End(current, end, CommitRules.Counts(write, end)));
        workflow = write.SettledAttempts.Aggregate(workflow, Settle);
        Put(id, workflow);
        _state = _state with { Approvals = _state.Approvals.SetItems(write.Approvals.Select(approval => KeyValuePair.Create(approval.Id, approval))) };
        foreach (var claim in write.Claims)
        {
            Claim(claim, node);
        }

        foreach (var happened in write.Events)
        {
            Append(id, happened, happened.Stage, happened.Attempt);
        }
    }

    private static InMemoryWorkflow TakeBack(InMemoryWorkflow workflow, WorkflowRetried retried) =>
        workflow.Attempts.Values.Where(attempt => attempt.Counted && retried.Stages.Contains(attempt.TaskId.Stage))
            .Aggregate(workflow, (current, attempt) => current.With(attempt with { Counted = false }));

    private static InMemoryWorkflow Insert(InMemoryWorkflow workflow, AttemptInsert begun, int node)
    {
        var task = new TaskId(workflow.Stored.Header.Id, begun.Stage, begun.Attempt);
        if (begun.Attempt < 1 || workflow.Attempts.ContainsKey(task))
        {
            throw new StoreInvariantException($"Attempt {task} cannot begin: its number is below 1, or it exists already.");
        }

        var attempt = new ActiveAttempt(task, AttemptStatus.Pending, begun.AgentType, begun.Priority, begun.CreatedAt, begun.AvailableAt, null, null, null);
        return workflow.With(new InMemoryAttempt(new StoredAttempt { Attempt = attempt }, Counted: false, begun.Parked ? InMemoryAttempt.Parked : node));
    }

    private static InMemoryWorkflow End(InMemoryWorkflow workflow, AttemptEnd end, bool counted)
    {
        if (Active(workflow, new TaskId(workflow.Stored.Header.Id, end.Stage, end.Attempt)) is not { } current)
        {
            return workflow;
        }

        if (counted && workflow.Attempts.Values.Any(other => other.Counted && other.TaskId.Stage == end.Stage))
        {
            throw new StoreInvariantException($"Attempt {current.TaskId} cannot complete its stage, which another attempt has completed.");
        }

        var attempt = current.Stored.Attempt;
        return workflow.With(new InMemoryAttempt(
            current.Stored with
            {
                Attempt = attempt with { Status = end.Status, AgentId = end.AgentId ?? attempt.AgentId, LeaseExpiresAt = null },
                FinishedAt = end.FinishedAt,
                StartedAt = end.StartedAt ?? current.Stored.StartedAt,
                Output = end.Output,
                Error = end.Error,
                Usage = end.Usage,
                Commit = end.Commit,
                Extras = end.Extras,
            },
            counted,
            current.Node));
    }

    private static InMemoryWorkflow Settle(InMemoryWorkflow workflow, AttemptSettlement settled)
    {
        var task = new TaskId(workflow.Stored.Header.Id, settled.Stage, settled.Attempt);
        if (workflow.Attempts.GetValueOrDefault(task) is not { Status: AttemptStatus.Verifying } current)
        {
            return workflow;
        }

        var counted = settled.Status is AttemptStatus.Completed;
        if (counted && workflow.Attempts.Values.Any(other => other.Counted && other.TaskId.Stage == settled.Stage))
        {
            throw new StoreInvariantException($"Attempt {task} cannot complete its stage, which another attempt has completed.");
        }

        var stored = current.Stored with { Attempt = current.Stored.Attempt with { Status = settled.Status }, Error = settled.Error ?? current.Stored.Error };
        return workflow.With(current with { Stored = stored, Counted = counted });
    }

    private void Claim(TaskId task, int node)
    {
        if (_state.Workflows.TryGetValue(task.WorkflowId, out var workflow) && Active(workflow, task) is { Waits: true } current)
        {
            Put(task.WorkflowId, workflow.With(current with { Node = node }));
            _claimed.Add(task);
        }
    }

    private void Lease(LeaseWrite lease)
    {
        if (!_state.Workflows.TryGetValue(lease.TaskId.WorkflowId, out var workflow) || Active(workflow, lease.TaskId) is not { } current)
        {
            return;
        }

        var attempt = current.Stored.Attempt;
        if (attempt.Status is AttemptStatus.Running && (lease.Status is not AttemptStatus.Running || lease.AgentId != attempt.AgentId))
        {
            return;
        }

        var leased = attempt with
        {
            Status = lease.Status,
            AgentId = lease.AgentId ?? attempt.AgentId,
            LeaseExpiresAt = lease.LeaseExpiresAt,
            Deadline = lease.Deadline ?? attempt.Deadline,
        };
        var stored = current.Stored with { Attempt = leased, StartedAt = current.Stored.StartedAt ?? lease.StartedAt };
        Put(lease.TaskId.WorkflowId, workflow.With(current with { Stored = stored }));
    }

    private bool TryWrite(NoteWrite note)
    {
        var task = note.TaskId;
        if (!_state.Workflows.TryGetValue(task.WorkflowId, out var workflow))
        {
            return false;
        }

        if (note.Event is AttemptProgressed progress && workflow.Attempts.TryGetValue(task, out var current))
        {
            var stored = current.Stored with
            {
                Message = progress.Message ?? current.Stored.Message,
                ProgressPercent = progress.ProgressPercent ?? current.Stored.ProgressPercent,
                Iteration = progress.Iteration ?? current.Stored.Iteration,
            };
            Put(task.WorkflowId, workflow.With(current with { Stored = stored }));
        }

        Append(task.WorkflowId, note.Event, task.Stage, task.Attempt);
        return true;
    }

    private void Append(WorkflowId id, WorkflowEvent happened, string? stage, int? attempt)
    {
        var eventId = _state.LastEventId + 1;
        var data = JsonPayload.FromTrustedUtf8(EventNames.Serialize(happened));
        var stored = new StoredEvent(eventId, id, EventNames.Of(happened), stage, attempt, happened.At, data);
        var workflow = _state.Workflows[id];
        _state = _state with { Events = _state.Events.Add(stored), LastEventId = eventId };
        Put(id, workflow with { Events = workflow.Events.Add(stored) });
    }

    private void Put(WorkflowId id, InMemoryWorkflow workflow) => _state = _state with { Workflows = _state.Workflows.SetItem(id, workflow) };

    private static InMemoryAttempt? Active(InMemoryWorkflow workflow, TaskId task) =>
        workflow.Attempts.TryGetValue(task, out var attempt) && !attempt.Status.IsOver() ? attempt : null;

    private static void RefuseHalfEnded(WorkflowWrite write)
    {
        if (write.State.End is null != write.State.EndedAt is null)
        {
            throw new StoreInvariantException(string.Create(
                CultureInfo.InvariantCulture, $"Workflow {write.State.Id} must have an end and the time of its end, or neither; it has '{write.State.End}' and '{write.State.EndedAt}'."));
        }
    }
}
