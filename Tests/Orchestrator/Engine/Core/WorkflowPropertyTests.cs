using FsCheck;
using FsCheck.Fluent;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Core;

/// <summary>Random definitions and random histories. What must always hold is checked by <see cref="Flow"/> after every input.</summary>
public sealed class WorkflowPropertyTests
{
    private static readonly string[] Names = ["a", "b", "c", "d", "e", "f", "g", "h"];

    [Fact]
    public void Decide_AnyHistory_KeepsWhatMustAlwaysHold()
        => Run(400, (seed, steps) =>
        {
            var flow = new Flow(DefinitionOf(seed)).Submitted();
            Play(flow, steps);

            return true;
        });

    [Fact]
    public void Decide_FairSchedulerAfterAnyHistory_EndsTheWorkflow()
        => Run(250, (seed, steps) =>
        {
            var flow = new Flow(DefinitionOf(seed)).Submitted();
            Play(flow, steps);

            var random = new Random(seed);
            for (var turn = 0; turn < 2000 && flow.State.End is null; turn++)
            {
                Drive(flow, random);
            }

            return flow.State.End is not null;
        });

    [Fact]
    public void Decide_OnlySuccesses_CompletesTheWorkflow()
        => Run(250, (seed, _) =>
        {
            var flow = new Flow(DefinitionOf(seed) with { Timeout = null }).Submitted();
            while (flow.State.End is null)
            {
                var stage = flow.State.Stages.First(candidate => candidate.Status is StageStatus.Pending or StageStatus.AwaitingApproval or StageStatus.Verifying);
                var decision = stage.Status is StageStatus.Verifying ? flow.Judge(stage.Name, commit: "c" + stage.Name) : stage.Status is StageStatus.Pending ? flow.Complete(stage.Name, "c" + stage.Name) : flow.Decide(stage.Name);
                Assert.Equal(Verdict.Applied, decision.Verdict);
            }

            return flow.State.End is WorkflowStatus.Completed && WorkflowDisplay.Of(flow.Definition, flow.State) is { Progress: 100, State: "COMPLETED" };
        });

    [Fact]
    public void Decide_CancelAfterAnyHistory_Ends()
        => Run(200, (seed, steps) =>
        {
            var flow = new Flow(DefinitionOf(seed)).Submitted();
            Play(flow, steps);

            var running = flow.State.End is null;
            var decision = flow.Cancel();
            return flow.State.End is not null && (!running || (decision.Verdict is Verdict.Applied && flow.State.Stages.All(stage => stage.IsOver)));
        });

    [Fact]
    public void Decide_SameStateAndInput_GivesTheSameDecision()
        => Run(100, (seed, steps) =>
        {
            var (one, other) = (new Flow(DefinitionOf(seed)).Submitted(), new Flow(DefinitionOf(seed)).Submitted());
            Play(one, steps);
            Play(other, steps);

            return one.History.Select(EventNames.Serialize).SelectMany(bytes => bytes).SequenceEqual(other.History.Select(EventNames.Serialize).SelectMany(bytes => bytes));
        });

    private static void Run(int times, Func<int, int[], bool> holds) =>
        Check.One(Config.QuickThrowOnFailure.WithMaxTest(times).WithEndSize(120), Prop.ForAll(ArbMap.Default.ArbFor<int>(), ArbMap.Default.ArbFor<int[]>(), holds));

    private static WorkflowDefinition DefinitionOf(int seed)
    {
        var random = new Random(seed);
        var count = random.Next(1, Names.Length + 1);
        var handlers = random.Next(0, count >= 3 ? 3 : 1);
        var stages = new List<StageDefinition>();
        for (var i = 0; i < count; i++)
        {
            var isHandler = i < handlers;
            stages.Add(Flow.Stage(Names[i], isHandler ? [] : [.. Enumerable.Range(handlers, i - handlers).Where(_ => random.Next(3) == 0).Select(n => Names[n])]) with
            {
                Retry = new RetryPolicy { MaxAttempts = random.Next(1, 4) },
                Accept = random.Next(3) == 0 ? [new AcceptanceCheck.FileState { Path = "README.md" }] : [],
                Approval = random.Next(5) > 0
                    ? null
                    : new ApprovalGate { Prompt = "Go?", ExpiresAfter = random.Next(2) == 0 ? null : TimeSpan.FromMinutes(10), OnExpiry = (ApprovalExpiry)random.Next(2) },
                OnFailure = isHandler || handlers == 0 || random.Next(2) == 0 ? null : Names[random.Next(handlers)],
            });
        }

        // In any order: the definition's order is not the order of the needs.
        var shuffled = stages.ToArray();
        random.Shuffle(shuffled);
        return Flow.Define(random.Next(3) == 0 ? TimeSpan.FromHours(1) : null, shuffled);
    }

    private static void Play(Flow flow, int[] steps)
    {
        for (var i = 0; i < steps.Length; i++)
        {
            Step(flow, HashCode(steps[i], i));
        }

        static int HashCode(int step, int index) => unchecked((step * 31) + (index * 7919));
    }

    private static void Step(Flow flow, int step)
    {
        var random = new Random(step);
        flow.Wait(TimeSpan.FromSeconds(random.Next(0, 400)));
        var stage = flow.State.Stages[random.Next(flow.State.Stages.Length)];
        var attempt = random.Next(4) == 0 ? stage.Attempt + random.Next(-2, 3) : stage.Attempt;
        _ = random.Next(23) switch
        {
            < 6 => flow.Report(stage.Name, new StageOutcome.Completed(), random.Next(2) == 0 ? null : "c" + step, attempt),
            < 10 => flow.Report(stage.Name, OutcomeOf(random), null, attempt),
            10 => flow.Lose(stage.Name, attempt),
            11 => flow.HandBack(stage.Name, attempt),
            12 => flow.TimeOut(stage.Name, attempt),
            13 => flow.Tick(),
            14 => random.Next(4) == 0 ? flow.Cancel() : flow.Tick(),
            15 => flow.Pause(),
            16 => flow.Resume(),
            17 => flow.Retry(random.Next(2) == 0 ? null : stage.Name),
            18 => flow.Decide(stage.Name, random.Next(3) > 0),
            19 => flow.Judge(stage.Name, commit: random.Next(2) == 0 ? null : "v" + step, attempt: attempt),
            20 => flow.Judge(stage.Name, Flow.NotVerified(), attempt: attempt),
            21 => flow.Judge(stage.Name, Flow.Error((FailureClass)random.Next(5), random.Next(2) == 0), attempt: attempt),
            _ => flow.Report("nowhere", new StageOutcome.Completed(), null, 1),
        };
    }

    private static StageOutcome OutcomeOf(Random random) => random.Next(5) switch
    {
        0 => new StageOutcome.Canceled(),
        1 => new StageOutcome.Snoozed { DelayMs = random.Next(-5, 100_000) },
        2 => new StageOutcome.NeedsApproval { Prompt = "Really?", Effect = JsonPayload.EmptyObject },
        _ => new StageOutcome.Failed
        {
            Error = Flow.Error((FailureClass)random.Next(5), random.Next(4) > 0, random.Next(3) == 0 ? random.Next() : null) with
            {
                Category = (ErrorCategory)random.Next(Enum.GetValues<ErrorCategory>().Length),
                Severity = (ErrorSeverity)random.Next(4),
            },
        },
    };

    // Fair: what waits is served sometime, time goes by, and agents do not fail for ever.
    private static void Drive(Flow flow, Random random)
    {
        flow.Resume();
        flow.Wait(TimeSpan.FromMinutes(1));
        foreach (var stage in flow.State.Stages)
        {
            _ = (stage.Status, random.Next(4)) switch
            {
                (StageStatus.AwaitingApproval, _) => flow.Decide(stage.Name, random.Next(4) > 0),
                (StageStatus.Verifying, 0) => flow.Judge(stage.Name, Flow.NotVerified()),
                (StageStatus.Verifying, 1) => flow.Judge(stage.Name, Flow.Error(FailureClass.Infrastructure)),
                (StageStatus.Verifying, _) => flow.Judge(stage.Name),
                (StageStatus.Pending, 0) => flow.Fail(stage.Name),
                (StageStatus.Pending, 1) => flow.Lose(stage.Name),
                (StageStatus.Pending, _) => flow.Complete(stage.Name),
                _ => null,
            };
        }
    }
}
