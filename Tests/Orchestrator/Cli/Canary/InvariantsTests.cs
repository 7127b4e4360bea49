using Stack.Cli;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Cli.Canary;

/// <summary>Every check holds of a good run, and fails for what it is there to find: only that one.</summary>
public sealed class InvariantsTests
{
    private static readonly Dictionary<string, (string Check, Func<Evidence, Evidence> Break)> Violations = new(StringComparer.Ordinal)
    {
        ["a workflow is lost"] = ("every accepted workflow exists", good => good with { Workflows = [.. good.Workflows.Where(workflow => workflow.Id != EvidenceOf.One)] }),
        ["a workflow was made that nobody was told of"] = (
            "none was made twice", good => good with { Accepted = good.Accepted.Where(pair => pair.Key != EvidenceOf.One).ToDictionary() }),
        ["a submission was made twice"] = (
            "none was made twice", good => Change(good, EvidenceOf.Two, workflow => workflow with { Name = good.Workflows[0].Name })),
        ["a workflow hangs"] = ("every workflow ended", good => Change(good, EvidenceOf.One, workflow => workflow with { Status = WorkflowStatus.Running })),
        ["a workflow failed"] = ("each ended as it should", good => Change(good, EvidenceOf.One, workflow => workflow with { Status = WorkflowStatus.Failed })),
        ["poison completed"] = (
            "each ended as it should", good => Change(good with { Accepted = With(good.Accepted, EvidenceOf.One, new CanaryInput { PoisonStage = "first" }) }, EvidenceOf.Poisoned, workflow => workflow)),
        ["poison failed for another reason"] = (
            "each ended as it should", good => Change(good, EvidenceOf.Poisoned, workflow => workflow with { Error = workflow.Error! with { Category = ErrorCategory.Timeout } })),
        ["a stage succeeded twice"] = (
            "each stage succeeded exactly once",
            good => good with
            {
                Attempts = [.. good.Attempts, EvidenceOf.Attempt(EvidenceOf.One, "second", attempt: 2)],
                Ledger = [.. good.Ledger, .. Executed(new TaskId(EvidenceOf.One, "second", 2))],
            }),
        ["a stage succeeded never"] = (
            "each stage succeeded exactly once", good => good with { Attempts = [.. good.Attempts.Where(attempt => attempt.TaskId != new TaskId(EvidenceOf.One, "second", 1))] }),
        ["an end is missing in the log"] = (
            "the event log says each end once", good => good with { Events = [.. good.Events.Where(happened => happened.Id != 2)] }),
        ["an end is twice in the log"] = (
            "the event log says each end once", good => good with { Events = [.. good.Events, EvidenceOf.Event(EvidenceOf.Two, 200, "stage.completed", "fifth")] }),
        ["a workflow completed twice"] = (
            "the event log says each end once", good => good with { Events = [.. good.Events, EvidenceOf.Event(EvidenceOf.Two, 200, "workflow.completed")] }),
        ["events are in disorder"] = (
            "events are in the order of time", good => good with { Events = [.. good.Events.Select(happened => happened.Id == 2 ? happened with { At = EvidenceOf.Began } : happened)] }),
        ["a success of which no agent knows"] = (
            "the store and the agents' ledgers agree",
            good => good with { Ledger = [.. good.Ledger.Where(entry => entry.TaskId != new TaskId(EvidenceOf.One, "third", 1))] }),
        ["a success that its agent never finished"] = (
            "the store and the agents' ledgers agree",
            good => good with { Ledger = [.. good.Ledger.Where(entry => entry.TaskId != new TaskId(EvidenceOf.One, "third", 1) || entry.Event is CanaryLedgerEvent.Begun)] }),
        ["an attempt that was never begun"] = (
            "the store and the agents' ledgers agree", good => good with { Ledger = [.. good.Ledger, EvidenceOf.Entry(new TaskId(EvidenceOf.One, "third", 7), CanaryLedgerEvent.Finished)] }),
        ["an attempt that ended before it began"] = (
            "no time runs backward", good => Change(good, attempt => attempt with { FinishedAt = attempt.StartedAt!.Value.AddSeconds(-1) })),
        ["an attempt of another day"] = ("no time runs backward", good => Change(good, attempt => attempt with { StartedAt = EvidenceOf.Began.AddHours(-5) })),
        ["an attempt from the future"] = (
            "no time runs backward", good => Change(good, attempt => attempt with { StartedAt = EvidenceOf.Began.AddHours(5), FinishedAt = EvidenceOf.Began.AddHours(6) })),
        ["a negative duration"] = ("no time runs backward", good => Change(good, attempt => attempt with { Usage = new Usage { DurationMs = -1 } })),
        ["a refusal without Retry-After"] = ("a refusal says when to come back", good => good with { BareRefusals = ["refused with 503 and no Retry-After"] }),
        ["a dead letter of a good workflow"] = (
            "dead letters are only poison", good => good with { DeadLetters = [EvidenceOf.Letter("task", new TaskId(EvidenceOf.One, "first", 1))] }),
        ["a dead result of a poisoned workflow's other stage"] = (
            "dead letters are only poison", good => good with { DeadLetters = [EvidenceOf.Letter("task.result", new TaskId(EvidenceOf.Poisoned, "fifth", 1))] }),
    };

    public static TheoryData<string> Names => new(Violations.Keys);

    [Fact]
    public void Judge_AGoodRun_EverythingHolds() => Assert.All(Invariants.Judge(EvidenceOf.AGoodRun()), check => Assert.True(check.Holds, $"{check.Name}: {check.Detail}"));

    [Fact]
    public void Judge_WithoutABroker_NoDeadLetterIsMissed() =>
        Assert.All(Invariants.Judge(EvidenceOf.AGoodRun() with { DeadLetters = [] }), check => Assert.True(check.Holds, $"{check.Name}: {check.Detail}"));

    [Theory]
    [MemberData(nameof(Names))]
    public void Judge_AViolation_FailsThatCheckAndNoOther(string violation)
    {
        var (expected, breaks) = Violations[violation];

        var broken = Invariants.Judge(breaks(EvidenceOf.AGoodRun())).Where(check => !check.Holds).ToList();

        Assert.Equal(expected, Assert.Single(broken).Name);
        Assert.NotEmpty(broken[0].Detail);
    }

    [Fact]
    public void Violations_OfEveryCheck_AreThere() =>
        Assert.Equal(Invariants.Judge(EvidenceOf.AGoodRun()).Select(check => check.Name).Order(StringComparer.Ordinal), Violations.Values.Select(violation => violation.Check).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public void None_ManyCases_NamesTheFirstAndCountsTheOthers()
    {
        var check = Check.None("nothing", "0", Enumerable.Range(1, 10).Select(number => $"case {number}"));

        Assert.Equal((false, "case 1; case 2; case 3; and 7 more"), (check.Holds, check.Detail));
    }

    private static Evidence Change(Evidence good, WorkflowId id, Func<WorkflowResource, WorkflowResource> change) =>
        good with { Workflows = [.. good.Workflows.Select(workflow => workflow.Id == id ? change(workflow) : workflow)] };

    private static Evidence Change(Evidence good, Func<TaskResource, TaskResource> change) =>
        good with { Attempts = [.. good.Attempts.Select((attempt, index) => index == 0 ? change(attempt) : attempt)] };

    private static Dictionary<WorkflowId, CanaryInput> With(IReadOnlyDictionary<WorkflowId, CanaryInput> accepted, WorkflowId id, CanaryInput input) =>
        new(accepted) { [id] = input };

    private static IEnumerable<CanaryLedgerEntry> Executed(TaskId task) => [EvidenceOf.Entry(task, CanaryLedgerEvent.Begun), EvidenceOf.Entry(task, CanaryLedgerEvent.Finished)];
}
