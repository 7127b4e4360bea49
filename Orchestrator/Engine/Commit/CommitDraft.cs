using Stack.Contracts;

namespace Stack.Engine;

/// <summary>What one transaction will write about one workflow, gathered from all inputs of the batch that concern it.</summary>
internal sealed class CommitDraft(HotWorkflow workflow, WorkflowSubmission? submission)
{
    private readonly long _expectedVersion = workflow.State.Version;
    private List<WorkflowEvent>? _moreEvents;
    private List<AttemptInsert>? _moreInserts;
    private List<AttemptEnd>? _moreEnds;
    private List<AttemptSettlement>? _moreSettlements;
    private List<TaskId>? _claims;
    private List<ApprovalRecord>? _approvals;

    public HotWorkflow Workflow { get; } = workflow;

    public WorkflowState State { get; private set; } = workflow.State;

    public List<(CommitItem Item, Decision Decision)> Items { get; } = [];

    public bool HasChanges { get; private set; }

    public IReadOnlyList<WorkflowEvent> Events { get; private set; } = [];

    public IReadOnlyList<AttemptInsert> NewAttempts { get; private set; } = [];

    public IReadOnlyList<AttemptEnd> EndedAttempts { get; private set; } = [];

    public IReadOnlyList<AttemptSettlement> SettledAttempts { get; private set; } = [];

    public void Add(CommitItem item)
    {
        var decision = WorkflowDecider.Decide(Workflow.Header, Workflow.Definition, State, item.Input!);
        Items.Add((item, decision));
        if (decision.Verdict is not Verdict.Applied)
        {
            return;
        }

        HasChanges = true;
        State = decision.State with { Version = _expectedVersion + 1 };
        Events = Join(Events, decision.Events, ref _moreEvents);
        NewAttempts = Join(NewAttempts, decision.NewAttempts, ref _moreInserts);
        EndedAttempts = Join(EndedAttempts, decision.EndedAttempts, ref _moreEnds);
        SettledAttempts = Join(SettledAttempts, decision.SettledAttempts, ref _moreSettlements);
        if (decision.Approvals.Count > 0)
        {
            (_approvals ??= []).AddRange(decision.Approvals);
        }

        if (decision.ToOffer.Count > 0)
        {
            (_claims ??= []).AddRange(decision.ToOffer);
        }
    }

    /// <summary>Parks attempts that begin and have no room in memory.</summary>
    public void Park(ReadyQueue ready)
    {
        if (!NewAttempts.All(ready.HasRoom))
        {
            NewAttempts = [.. NewAttempts.Select(begun => ready.HasRoom(begun) ? begun : begun with { Parked = true })];
        }
    }

    public WorkflowWrite ToWrite()
    {
        var display = WorkflowDisplay.Of(Workflow.Definition, State);
        return new WorkflowWrite
        {
            ExpectedVersion = _expectedVersion,
            State = State,
            DisplayState = display.State,
            CurrentStage = display.CurrentStage,
            Progress = display.Progress,
            Header = submission?.Header,
            Idempotency = submission?.Idempotency,
            NewAttempts = NewAttempts,
            EndedAttempts = EndedAttempts,
            SettledAttempts = SettledAttempts,
            Claims = _claims ?? (IReadOnlyList<TaskId>)[],
            Approvals = _approvals ?? (IReadOnlyList<ApprovalRecord>)[],
            Events = Events,
        };
    }

    /// <summary>Makes what was written the present.</summary>
    public void Publish() => Workflow.Publish(State, EndedAttempts, SettledAttempts);

    /// <summary>Tells everybody who asked.</summary>
    public void Answer(CommitStatus status)
    {
        foreach (var (item, decision) in Items)
        {
            item.Complete(new CommitResult(status, decision, Workflow));
        }
    }

    private static IReadOnlyList<T> Join<T>(IReadOnlyList<T> before, IReadOnlyList<T> added, ref List<T>? joined)
    {
        if (added.Count == 0)
        {
            return before;
        }

        if (before.Count == 0)
        {
            return added;
        }

        joined ??= [.. before];
        joined.AddRange(added);
        return joined;
    }
}
