using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

/// <summary>A workflow in the pure core, driven by a test. After every input it checks what must always hold.</summary>
internal sealed class Flow
{
    private readonly List<WorkflowEvent> _history = [];
    private readonly HashSet<(string Stage, int Attempt)> _open = [];
    private readonly HashSet<(string Stage, int Attempt)> _claims = [];
    private readonly HashSet<string> _succeeded = new(StringComparer.Ordinal);
    private readonly Dictionary<ApprovalId, ApprovalRecord> _inbox = [];

    public Flow(WorkflowDefinition definition, JsonPayload? input = null)
    {
        Definition = definition;
        Header = new WorkflowHeader
        {
            Id = new WorkflowId(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057")),
            Name = "test",
            Type = definition.Type,
            DefinitionName = definition.Name,
            DefinitionVersion = "v1",
            Input = input,
            CreatedAt = Now,
        };
        State = WorkflowEvents.Initial(Header.Id, definition);
    }

    public WorkflowHeader Header { get; }

    public WorkflowDefinition Definition { get; }

    public WorkflowState State { get; private set; }

    public DateTimeOffset Now { get; private set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public IReadOnlyList<WorkflowEvent> History => _history;

    public StageState this[string stage] => State.Find(stage)!;

    public static Flow Of(params StageDefinition[] stages) => new(Define(null, stages));

    public static WorkflowDefinition Define(TimeSpan? timeout, params StageDefinition[] stages) =>
        new() { Name = "test", Type = "test", Timeout = timeout, Stages = [.. stages.Select(stage => stage with { DisplayState = stage.Name.ToUpperInvariant() })] };

    public static StageDefinition Stage(string name, params string[] needs) => new() { Name = name, Agent = "noop", Needs = needs };

    /// <summary>A stage with a check.</summary>
    public static StageDefinition Checked(string name, params string[] needs) => Stage(name, needs) with { Accept = [new AcceptanceCheck.FileState { Path = "README.md" }] };

    /// <summary>What a verifier says of a claim that does not hold.</summary>
    public static StructuredError NotVerified() => new() { Code = "not_verified", Message = "Not verified: README.md is not there.", Class = FailureClass.Unproductive, Retryable = true };

    public static StructuredError Error(FailureClass failure = FailureClass.Productive, bool retryable = true, long? retryAfterMs = null) =>
        new() { Code = "broken", Message = "It broke.", Class = failure, Retryable = retryable, RetryAfterMs = retryAfterMs };

    public static ApprovalDecision Decision(bool approved) => new() { Approved = approved, DecidedBy = "ann", DecidedAt = DateTimeOffset.UnixEpoch };

    public Flow Submitted()
    {
        Do(new WorkflowInput.Submit { At = Now });
        return this;
    }

    public void Wait(TimeSpan time) => Now += time;

    public Decision Complete(string stage, string? commit = null) => Report(stage, new StageOutcome.Completed(), commit);

    public Decision Fail(string stage, StructuredError? error = null) => Report(stage, new StageOutcome.Failed { Error = error ?? Error() });

    public Decision Report(string stage, StageOutcome outcome, string? commit = null, int? attempt = null) => Do(new WorkflowInput.Report
    {
        At = Now,
        Commit = commit,
        Result = new ResultEnvelope { TaskId = new TaskId(Header.Id, stage, attempt ?? State.Find(stage)?.Attempt ?? 1), AgentId = new AgentId("noop-1"), Outcome = outcome },
    });

    public Decision Judge(string stage, StructuredError? error = null, string? commit = null, int? attempt = null) =>
        Do(new WorkflowInput.Judge(stage, attempt ?? State.Find(stage)?.Attempt ?? 1) { At = Now, Error = error, Commit = commit, Evidence = "e" });

    public Decision Lose(string stage, int? attempt = null) => Do(new WorkflowInput.LoseLease(stage, attempt ?? State.Find(stage)?.Attempt ?? 1) { At = Now });

    public Decision HandBack(string stage, int? attempt = null) => Do(new WorkflowInput.HandBack(stage, attempt ?? State.Find(stage)?.Attempt ?? 1) { At = Now });

    public Decision TimeOut(string stage, int? attempt = null) => Do(new WorkflowInput.TimeOut(stage, attempt ?? State.Find(stage)?.Attempt ?? 1) { At = Now });

    public Decision Tick() => Do(new WorkflowInput.Tick { At = Now });

    public Decision Cancel() => Do(new WorkflowInput.Cancel("ann", null) { At = Now });

    public Decision Pause() => Do(new WorkflowInput.Pause("ann", null) { At = Now });

    public Decision Resume() => Do(new WorkflowInput.Resume("ann") { At = Now });

    public Decision Retry(string? from = null, int iterations = 0) => Do(new WorkflowInput.Retry(from, "ann", iterations) { At = Now });

    public Decision Decide(string stage, bool approved = true, long? seen = null) => Do(new WorkflowInput.Decide(stage, Decision(approved), seen) { At = Now });

    public Decision Do(WorkflowInput input)
    {
        var before = State;
        var openBefore = _open.ToHashSet();
        var decision = WorkflowDecider.Decide(Header, Definition, before, input);
        if (decision.Verdict is not Verdict.Applied)
        {
            Assert.Same(before, decision.State);
            Assert.NotNull(decision.Reason);
            Assert.Empty(decision.Events);
            Assert.Empty(decision.NewAttempts);
            Assert.Empty(decision.EndedAttempts);
            Assert.Empty(decision.SettledAttempts);
            Assert.Empty(decision.ToStop);
            Assert.Empty(decision.ToOffer);
            Assert.Empty(decision.Approvals);
            return decision;
        }

        Assert.True(before.End is null || input is WorkflowInput.Retry, $"A workflow that is {before.End} changed by {input.GetType().Name}.");
        Assert.True(Names(input) is not { } named || openBefore.Contains(named), $"{input} is about an attempt that is not outstanding, and counted.");
        Assert.True(input is not WorkflowInput.Judge judged || before.IsVerifying(judged.Stage, judged.Attempt), $"{input} is about a claim that nobody makes, and counted.");
        Assert.True(input is not WorkflowInput.Cancel || decision.State.End is WorkflowStatus.Canceled, "A cancel did not end the workflow.");
        Assert.Equal(before.Version + 1, decision.State.Version);
        Assert.NotEmpty(decision.Events);
        Assert.All(decision.Events, happened => Assert.Equal(input.At, happened.At));
        Follow(decision.Events);
        CheckAttempts(before, decision);
        CheckDisplay(before, input, decision.State);
        CheckInbox(decision);
        State = decision.State;
        _history.AddRange(decision.Events);
        Assert.Equal(Text(State with { Version = 0 }), Text(WorkflowEvents.Replay(Header.Id, Definition, _history.Select(Stored))));
        return decision;
    }

    private static WorkflowEvent Stored(WorkflowEvent happened) =>
        EventNames.Deserialize(EventNames.Of(happened), EventNames.Serialize(happened), happened.At, happened.Stage, happened.Attempt);

    private static string Text(WorkflowState state) => JsonSerializer.Serialize(state, StackJson.Options);

    private static (string, int)? Names(WorkflowInput input) => input switch
    {
        WorkflowInput.Report report => (report.Result.TaskId.Stage, report.Result.TaskId.Attempt),
        WorkflowInput.LoseLease lost => (lost.Stage, lost.Attempt),
        WorkflowInput.HandBack back => (back.Stage, back.Attempt),
        WorkflowInput.TimeOut late => (late.Stage, late.Attempt),
        _ => null,
    };

    // Checks each event against the state in which it happened.
    private void Follow(IReadOnlyList<WorkflowEvent> events)
    {
        var state = State;
        foreach (var happened in events)
        {
            switch (happened)
            {
                case StageQueued or ApprovalRequested { Attempt: null }:
                    var definition = Definition.Stages.Single(stage => stage.Name == happened.Stage);
                    Assert.All(definition.Needs, need => Assert.Equal(StageStatus.Completed, state.Find(need)!.Status));
                    Assert.False(state.Find(happened.Stage!)!.IsOver, $"{happened.Stage} was started although it was over.");
                    break;
                case StageCompleted:
                    Assert.True(Definition.Stages.Single(stage => stage.Name == happened.Stage).Accept.Count == 0 || state.IsVerifying(happened.Stage!, happened.Attempt ?? 0), $"{happened.Stage} succeeded without a claim that was checked.");
                    Assert.True(_succeeded.Add(happened.Stage!), $"{happened.Stage} succeeded twice.");
                    break;
                case WorkflowRetried retried:
                    _succeeded.ExceptWith(retried.Stages);
                    break;
            }

            state = WorkflowEvents.Apply(state, happened);
        }
    }

    private void CheckAttempts(WorkflowState before, Decision decision)
    {
        foreach (var (old, current) in before.Stages.Zip(decision.State.Stages))
        {
            Assert.True(current.Attempt >= old.Attempt, $"The attempt number of {current.Name} fell from {old.Attempt} to {current.Attempt}.");
        }

        // An attempt may begin and end in one decision.
        foreach (var begun in decision.NewAttempts)
        {
            Assert.True(_open.Add((begun.Stage, begun.Attempt)), $"Attempt {begun.Attempt} of {begun.Stage} began twice.");
        }

        foreach (var ended in decision.EndedAttempts)
        {
            Assert.True(_open.Remove((ended.Stage, ended.Attempt)), $"Attempt {ended.Attempt} of {ended.Stage} ended, but it was not open.");
        }

        foreach (var claim in decision.EndedAttempts.Where(ended => ended.Status is AttemptStatus.Verifying))
        {
            Assert.True(_claims.Add((claim.Stage, claim.Attempt)), $"Attempt {claim.Attempt} of {claim.Stage} claimed twice.");
        }

        foreach (var settled in decision.SettledAttempts)
        {
            Assert.True(_claims.Remove((settled.Stage, settled.Attempt)), $"The claim of attempt {settled.Attempt} of {settled.Stage} was settled, but it was not made.");
        }

        Assert.Equal(
            decision.State.Stages.Where(stage => stage.Status is StageStatus.Verifying).Select(stage => (stage.Name, stage.Attempt)).Order(),
            _claims.Order());
        Assert.All(decision.State.Stages, stage => Assert.Equal(stage.Status is StageStatus.Verifying, stage.Claim is not null));
        Assert.Equal(
            decision.State.Stages.Where(stage => stage.Status is StageStatus.Pending).Select(stage => (stage.Name, stage.Attempt)).Order(),
            _open.Order());
        Assert.All(decision.ToStop, stopped => Assert.Contains(decision.EndedAttempts, ended => (ended.Stage, ended.Attempt) == (stopped.Stage, stopped.Attempt)));
        Assert.All(decision.ToOffer, offered => Assert.Contains((offered.Stage, offered.Attempt), _open));
    }

    // The inbox says what the stages say: one open question for each stage that waits for an answer.
    private void CheckInbox(Decision decision)
    {
        foreach (var approval in decision.Approvals)
        {
            _inbox[approval.Id] = approval;
        }

        Assert.Equal(
            decision.State.Stages.Where(stage => stage.Approval is { IsExecuting: false }).Select(stage => stage.Approval!.Id.Value).Order(),
            _inbox.Values.Where(approval => approval.Status is ApprovalStatus.Open).Select(approval => approval.Id.Value).Order());
        Assert.Equal(
            decision.State.Stages.Where(stage => stage.Approval is { IsExecuting: true }).Select(stage => stage.Approval!.Id.Value).Order(),
            _inbox.Values.Where(approval => approval.IsUnexecuted).Select(approval => approval.Id.Value).Order());
    }

    private void CheckDisplay(WorkflowState before, WorkflowInput input, WorkflowState after)
    {
        var (was, now) = (WorkflowDisplay.Of(Definition, before), WorkflowDisplay.Of(Definition, after));
        Assert.InRange(now.Progress, input is WorkflowInput.Retry ? 0 : was.Progress, 100);
        Assert.Equal(after.End is WorkflowStatus.Completed, now.Progress == 100 && after.End is not null and not WorkflowStatus.Canceled && after.Stages.All(stage => stage.Status is StageStatus.Completed or StageStatus.Skipped));
        Assert.NotNull(now.CurrentStage);
        Assert.NotEqual("", now.State);
    }
}
