using Stack.Contracts;

namespace Stack.Engine;

/// <summary>A decision in the making: every event that is added changes the state at once, through the same fold that a replay uses.</summary>
internal sealed class DecisionDraft(WorkflowHeader header, WorkflowDefinition definition, WorkflowState state, DateTimeOffset at)
{
    /// <summary>Who decides when nobody does.</summary>
    public const string Expiry = "expiry";

    private readonly WorkflowState _before = state;
    private readonly StageGraph _graph = StageGraph.Of(definition);
    private readonly List<WorkflowEvent> _events = [];
    private List<AttemptInsert>? _newAttempts;
    private List<AttemptEnd>? _endedAttempts;
    private List<AttemptSettlement>? _settled;
    private List<TaskId>? _toStop;
    private List<TaskId>? _toOffer;
    private List<ApprovalRecord>? _approvals;

    public WorkflowDefinition Definition { get; } = definition;

    public WorkflowState State { get; private set; } = state;

    public DateTimeOffset At { get; } = at;

    public StageDefinition DefinitionOf(string stage) => _graph[stage];

    /// <summary>All stages that one needs, directly or through others.</summary>
    public IReadOnlySet<string> AncestorsOf(string stage) => _graph.AncestorsOf(stage);

    public void Add(WorkflowEvent happened)
    {
        happened = happened with { At = At };
        _events.Add(happened);
        var before = State;
        State = WorkflowEvents.Apply(State, happened);
        if (happened.Stage is { } stage && before.Find(stage)?.Approval != State.Find(stage)?.Approval)
        {
            TrackApproval(before.Find(stage)!, State.Find(stage)!, happened);
        }
    }

    // The inbox is a view of the events: what they do to a question is done to its record.
    private void TrackApproval(StageState before, StageState after, WorkflowEvent happened)
    {
        _approvals ??= [];
        if (before.Approval is { } old && old.Id != after.Approval?.Id)
        {
            var (status, decision) = happened switch
            {
                ApprovalDecided { Decision: var decided } => (StatusOf(decided), decided),
                EffectExecuted => (ApprovalStatus.Approved, after.Decision),
                ApprovalRequested => (ApprovalStatus.Superseded, null),
                _ when old.IsExecuting => (ApprovalStatus.Approved, Unexecuted(before.Decision!)),
                _ => (ApprovalStatus.Canceled, null),
            };
            _approvals.Add(Questions.Record(header, before, old, status, decision));
        }

        if (after.Approval is { } asked)
        {
            _approvals.Add(Questions.Record(header, after, asked, asked.IsExecuting ? ApprovalStatus.Approved : ApprovalStatus.Open, after.Decision));
        }
    }

    private static ApprovalStatus StatusOf(ApprovalDecision decision) =>
        decision.Approved ? ApprovalStatus.Approved : decision.DecidedBy == Expiry ? ApprovalStatus.Expired : ApprovalStatus.Rejected;

    private ApprovalDecision Unexecuted(ApprovalDecision decision) => decision with
    {
        Execution = new EffectExecution { Succeeded = false, At = At, Message = "The workflow ended before it was recorded that the effect was executed." },
    };

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

    /// <summary>Completes a stage with what another workflow made.</summary>
    public void TakeOver(StageTakeover takeover)
    {
        Queue(takeover.Stage, availableAt: null);
        var stage = State.Find(takeover.Stage)!;
        End(new AttemptEnd { Stage = stage.Name, Attempt = stage.Attempt, Status = AttemptStatus.Completed, FinishedAt = At, Output = takeover.Output, Commit = takeover.Commit }, tellAgent: false);
        Add(new StageCompleted { Commit = takeover.Commit, References = takeover.References.Count > 0 ? takeover.References : null }, stage);
    }

    public void End(AttemptEnd ended, bool tellAgent)
    {
        (_endedAttempts ??= []).Add(ended);
        if (tellAgent)
        {
            (_toStop ??= []).Add(new TaskId(State.Id, ended.Stage, ended.Attempt));
        }
    }

    public void Settle(AttemptSettlement settled) => (_settled ??= []).Add(settled);

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

            var claimed = stage.Status is StageStatus.Verifying;
            if (claimed)
            {
                Settle(new AttemptSettlement(stage.Name, stage.Attempt, AttemptStatus.Canceled, Error: null));
            }

            Add(new StageEnded { Status = StageStatus.Canceled }, outstanding || claimed ? stage : stage with { Attempt = 0 });
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
            for (var position = 0; position < State.Stages.Length; position++)
            {
                changed |= State.Stages[position].Status is StageStatus.Blocked && Unblock(position);
            }
        }
        while (changed);

        AskAgain();
        if (State.Stages.All(stage => stage.IsOver))
        {
            Conclude();
        }
    }

    // What a gate asked about is no longer what would begin, since others moved the head: who answers must see what is so now.
    private void AskAgain()
    {
        foreach (var stage in State.Stages)
        {
            if (stage is { Status: StageStatus.AwaitingApproval, Approval: { IsGate: true, IsExecuting: false } asked } && DefinitionOf(stage.Name) is { Approval: { Effect: GateEffect.Stage } gate } definition
                && asked.Commit != State.HeadCommit)
            {
                Add(Questions.OfGate(header, definition, gate, State, At) with { ExpiresAt = stage.ApprovalExpiresAt });
            }
        }
    }

    private bool Unblock(int position)
    {
        var stage = Definition.Stages[position];
        switch (ReadinessOf(position))
        {
            case Readiness.NotYet:
                return false;
            case Readiness.Never:
                Add(new StageEnded { Stage = stage.Name, Status = StageStatus.Skipped });
                return true;
        }

        if (stage.Approval is { } gate)
        {
            Add(Questions.OfGate(header, stage, gate, State, At));
        }
        else
        {
            Queue(stage.Name, availableAt: null);
        }

        return true;
    }

    private Readiness ReadinessOf(int position)
    {
        if (_graph.IsHandler(position))
        {
            return HandlerReadinessOf(position);
        }

        var readiness = Readiness.Now;
        foreach (var need in _graph.NeedsOf(position))
        {
            var status = State.Stages[need].Status;
            if (State.Stages[need].IsOver && status is not StageStatus.Completed)
            {
                return Readiness.Never;
            }

            if (status is not StageStatus.Completed)
            {
                readiness = Readiness.NotYet;
            }
        }

        return readiness;
    }

    private Readiness HandlerReadinessOf(int position)
    {
        var allOver = true;
        foreach (var owner in _graph.OwnersOf(position))
        {
            if (State.Stages[owner].Status is StageStatus.Failed or StageStatus.Exhausted)
            {
                return Readiness.Now;
            }

            allOver &= State.Stages[owner].IsOver;
        }

        return allOver ? Readiness.Never : Readiness.NotYet;
    }

    private void Conclude()
    {
        if ((CauseOf(StageStatus.Failed) ?? CauseOf(StageStatus.Exhausted)) is not { } cause)
        {
            Add(new WorkflowEnded { End = WorkflowStatus.Completed });
            return;
        }

        var failed = cause.Status is StageStatus.Failed;
        Add(new WorkflowEnded
        {
            End = failed ? WorkflowStatus.Failed : WorkflowStatus.Exhausted,
            Reason = $"Stage '{cause.Name}' {(failed ? "failed" : "hit a limit")}: {cause.Error?.Message ?? "no reason was given."}",
            Error = cause.Error,
        });
    }

    // A handler runs only because another stage failed; whatever becomes of it, that one is the cause.
    private StageState? CauseOf(StageStatus status)
    {
        for (var position = 0; position < State.Stages.Length; position++)
        {
            if (State.Stages[position].Status == status && !_graph.IsHandler(position))
            {
                return State.Stages[position];
            }
        }

        return null;
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
            SettledAttempts = _settled ?? (IReadOnlyList<AttemptSettlement>)[],
            ToStop = _toStop ?? (IReadOnlyList<TaskId>)[],
            Approvals = _approvals ?? (IReadOnlyList<ApprovalRecord>)[],
            ToOffer = _toOffer ?? (IReadOnlyList<TaskId>)[],
        };

    private enum Readiness
    {
        NotYet,
        Now,
        Never,
    }
}
