using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A decision in the making: every event that is added changes the state at once, through the same fold that a replay uses.</summary>
internal sealed class DecisionDraft(WorkflowHeader header, WorkflowDefinition definition, WorkflowState state, DateTimeOffset at)
{
    private readonly WorkflowState _before = state;
    private readonly List<WorkflowEvent> _events = [];
    private List<AttemptInsert>? _newAttempts;
    private List<AttemptEnd>? _endedAttempts;
    private List<TaskId>? _toStop;
    private List<TaskId>? _toOffer;

    public WorkflowDefinition Definition { get; } = definition;

    public WorkflowState State { get; private set; } = state;

    public DateTimeOffset At { get; } = at;

    public StageDefinition DefinitionOf(string stage) => Definition.Stages.First(candidate => string.Equals(candidate.Name, stage, StringComparison.Ordinal));

    public void Add(WorkflowEvent happened)
    {
        happened = happened with { At = At };
        _events.Add(happened);
        State = WorkflowEvents.Apply(State, happened);
    }

    /// <summary>Adds an event about a stage and its current attempt; attempt 0 stands for none.</summary>
    public void Add(WorkflowEvent happened, StageState stage) =>
        Add(happened with { Stage = stage.Name, Attempt = stage.Attempt > 0 ? stage.Attempt : null });

    public void Queue(string stageName, DateTimeOffset? availableAt)
    {
        var stage = State.Find(stageName)!;
        var attempt = stage.Attempt + 1;
        Add(new StageQueued { AvailableAt = availableAt, Stage = stageName, Attempt = attempt });
        (_newAttempts ??= []).Add(new AttemptInsert
        {
            Stage = stageName,
            Attempt = attempt,
            AgentType = DefinitionOf(stageName).Agent,
            Priority = header.Priority,
            CreatedAt = At,
            AvailableAt = availableAt,
        });
    }

    public void End(AttemptEnd ended, bool tellAgent)
    {
        (_endedAttempts ??= []).Add(ended);
        if (tellAgent)
        {
            (_toStop ??= []).Add(new TaskId(State.Id, ended.Stage, ended.Attempt));
        }
    }

    public void OfferOutstanding()
    {
        foreach (var stage in State.Stages)
        {
            if (stage.Status is StageStatus.Pending)
            {
                (_toOffer ??= []).Add(new TaskId(State.Id, stage.Name, stage.Attempt));
            }
        }
    }

    /// <summary>Cancels every stage that is not over.</summary>
    public void StopStages()
    {
        foreach (var stage in State.Stages)
        {
            if (stage.IsOver)
            {
                continue;
            }

            var outstanding = stage.Status is StageStatus.Pending;
            if (outstanding)
            {
                End(new AttemptEnd { Stage = stage.Name, Attempt = stage.Attempt, Status = AttemptStatus.Canceled, FinishedAt = At }, tellAgent: true);
            }

            Add(new StageEnded { Status = StageStatus.Canceled }, outstanding ? stage : stage with { Attempt = 0 });
        }
    }

    /// <summary>Starts what can start, skips what cannot any more, and ends the workflow when nothing is left.</summary>
    public void Advance()
    {
        if (State.End is not null)
        {
            return;
        }

        bool changed;
        do
        {
            changed = false;
            foreach (var stage in Definition.Stages)
            {
                changed |= State.Find(stage.Name)!.Status is StageStatus.Blocked && Unblock(stage);
            }
        }
        while (changed);

        if (State.Stages.All(stage => stage.IsOver))
        {
            Conclude();
        }
    }

    private bool Unblock(StageDefinition stage)
    {
        var handled = Definition.Stages.Where(owner => string.Equals(owner.OnFailure, stage.Name, StringComparison.Ordinal)).Select(owner => State.Find(owner.Name)!).ToList();
        var needs = stage.Needs.Select(need => State.Find(need)!).ToList();
        if (handled.Count > 0 && !handled.Exists(Failed))
        {
            return handled.TrueForAll(owner => owner.IsOver) && Skip(stage);
        }

        if (needs.Exists(need => need.IsOver && need.Status is not StageStatus.Completed))
        {
            return Skip(stage);
        }

        if (needs.Exists(need => need.Status is not StageStatus.Completed))
        {
            return false;
        }

        if (stage.Approval is { } gate)
        {
            Add(new ApprovalRequested
            {
                Stage = stage.Name,
                Prompt = gate.Prompt,
                ExpiresAt = gate.OnExpiry is ApprovalExpiry.Reject ? At + gate.ExpiresAfter : null,
            });
        }
        else
        {
            Queue(stage.Name, availableAt: null);
        }

        return true;

        static bool Failed(StageState owner) => owner.Status is StageStatus.Failed or StageStatus.Exhausted;
    }

    private bool Skip(StageDefinition stage)
    {
        Add(new StageEnded { Stage = stage.Name, Status = StageStatus.Skipped });
        return true;
    }

    private void Conclude()
    {
        var failed = State.Stages.FirstOrDefault(stage => stage.Status is StageStatus.Failed);
        var exhausted = State.Stages.FirstOrDefault(stage => stage.Status is StageStatus.Exhausted);
        if ((failed ?? exhausted) is not { } cause)
        {
            Add(new WorkflowEnded { End = WorkflowStatus.Completed });
            return;
        }

        Add(new WorkflowEnded
        {
            End = failed is null ? WorkflowStatus.Exhausted : WorkflowStatus.Failed,
            Reason = $"Stage '{cause.Name}' {(failed is null ? "hit a limit" : "failed")}: {cause.Error?.Message ?? "no reason was given."}",
            Error = cause.Error,
        });
    }

    public Decision Unchanged(Verdict verdict, string reason) => new() { Verdict = verdict, State = _before, Reason = reason };

    public Decision Done() => _events.Count == 0
        ? Unchanged(Verdict.NoChange, "Nothing changed.")
        : new Decision
        {
            Verdict = Verdict.Applied,
            State = State with { Version = _before.Version + 1 },
            Events = _events,
            NewAttempts = _newAttempts ?? (IReadOnlyList<AttemptInsert>)[],
            EndedAttempts = _endedAttempts ?? (IReadOnlyList<AttemptEnd>)[],
            ToStop = _toStop ?? (IReadOnlyList<TaskId>)[],
            ToOffer = _toOffer ?? (IReadOnlyList<TaskId>)[],
        };
}
