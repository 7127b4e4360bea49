using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Approvals;

public sealed class EffectRunnerTests
{
    private static readonly CancellationToken s_none = CancellationToken.None;
    private static readonly ApprovalPerson s_ann = new("ann", null);

    [Fact]
    public async Task Decide_EffectOfTheOrchestrator_IsExecutedBeforeTheAnswerAndBeforeTheNextAttempt()
    {
        var effects = new Effects();
        await using var engine = await TestEngine.StartAsync(effects: effects);
        var asked = await AskAsync(engine);
        var decided = Assert.IsType<ApprovalOutcome.Decided>(await DecideAsync(engine, asked));
        Assert.Equal("done", decided.Approval.Decision!.Execution!.Message);
        Assert.Equal([asked.Id], effects.Executed);
        Assert.Equal(2, Assert.Single(await engine.ClaimAsync()).TaskId.Attempt);
        await DecideAsync(engine, asked);
        Assert.Equal(0, await RunAsync(engine));
        Assert.Single(effects.Executed);
    }

    [Fact]
    public async Task RunOnce_ItFailsForNow_IsTriedAgainAfterAPauseThatGrows()
    {
        var effects = new Effects { Failures = 3 };
        await using var engine = await TestEngine.StartAsync(effects: effects);
        var asked = await AskAsync(engine);
        var decided = Assert.IsType<ApprovalOutcome.Decided>(await DecideAsync(engine, asked));
        Assert.Null(decided.Approval.Decision!.Execution);
        Assert.Equal(0, await RunAsync(engine));
        Assert.Single(effects.Tried);
        Assert.Empty(await engine.ClaimAsync());

        foreach (var pause in new[] { 1, 2, 4 })
        {
            engine.Time.Advance(TimeSpan.FromSeconds(pause) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(0, await RunAsync(engine));
            engine.Time.Advance(TimeSpan.FromMilliseconds(1));
            await RunAsync(engine);
        }

        Assert.Equal((4, 1), (effects.Tried.Count, effects.Executed.Count));
        Assert.True(Assert.Single(await engine.ClaimAsync()).Approval!.Execution!.Succeeded);
    }

    [Fact]
    public async Task RunOnce_TheProcessDiedAfterTheDecision_TheNextOneExecutes()
    {
        var effects = new Effects { Failures = int.MaxValue };
        await using var dying = await TestEngine.StartAsync(effects: effects);
        var asked = await AskAsync(dying);
        await DecideAsync(dying, asked);
        await dying.StopAsync();

        effects.Failures = 0;
        await using var next = await TestEngine.StartAsync(after: dying, effects: effects);
        Assert.Equal(1, await RunAsync(next));
        Assert.Equal([asked.Id], effects.Executed);
        Assert.Equal(0, await RunAsync(next));
    }

    [Fact]
    public async Task RunOnce_ReminderAndEscalationAreDue_TheInboxShowsThem()
    {
        await using var engine = await TestEngine.StartAsync();
        var terms = new ApprovalTerms { Deciders = ["ann"], RemindEvery = TimeSpan.FromHours(1), ExpiresAfter = TimeSpan.FromHours(3), OnExpiry = ApprovalExpiry.Escalate, EscalateTo = ["bob"], EscalationExpiresAfter = TimeSpan.FromHours(1) };
        var asked = await AskAsync(engine, terms);
        for (var hour = 1; hour <= 3; hour++)
        {
            engine.Time.Advance(TimeSpan.FromHours(1));
            await engine.Get<TimerRunner>().RunOnceAsync(s_none);
        }

        var shown = await engine.Get<ApprovalInbox>().FindAsync(asked.Id, s_none);
        Assert.Equal((2, engine.Time.GetUtcNow()), (shown!.Question.Reminders, shown.Question.EscalatedAt));
        Assert.Equal(["ann", "bob"], shown.Question.Deciders);
        Assert.IsType<ApprovalOutcome.Forbidden>(await engine.Get<ApprovalInbox>().DecideAsync(asked.Id, true, new ApprovalPerson("eve", ["eve", "write"]), null, null, null, s_none));

        engine.Time.Advance(TimeSpan.FromHours(1));
        await engine.Get<TimerRunner>().RunOnceAsync(s_none);
        Assert.Equal(ApprovalStatus.Expired, (await engine.Get<ApprovalInbox>().FindAsync(asked.Id, s_none))!.Status);
        Assert.IsType<ApprovalOutcome.Stale>(await engine.Get<ApprovalInbox>().DecideAsync(asked.Id, true, new ApprovalPerson("bob", ["bob"]), null, null, null, s_none));
    }

    private static async Task<ApprovalRecord> AskAsync(TestEngine engine, ApprovalTerms? terms = null)
    {
        await engine.SubmitAsync(Flow.Stage("a"));
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        var effect = JsonPayload.Parse("""{"kind":"budget_increase","budget":"workflow/x","limits":{"money":2}}""");
        await engine.ReportAsync(task, new StageOutcome.NeedsApproval { Prompt = "May I?", Effect = effect, Terms = terms });
        return Assert.Single(await engine.Get<ApprovalInbox>().ListAsync(new ApprovalQuery { Status = ApprovalStatus.Open }, s_none));
    }

    private static Task<ApprovalOutcome> DecideAsync(TestEngine engine, ApprovalRecord asked) =>
        engine.Get<ApprovalInbox>().DecideAsync(asked.Id, true, s_ann, asked.Question.EffectHash, null, null, s_none);

    private static Task<int> RunAsync(TestEngine engine) => engine.Get<EffectRunner>().RunOnceAsync(s_none);

    /// <summary>Executes nothing but remembers what it was given; fails as often as it is told.</summary>
    private sealed class Effects : IApprovedEffects
    {
        public int Failures { get; set; }

        public List<ApprovalId> Tried { get; } = [];

        public List<ApprovalId> Executed { get; } = [];

        public Task<EffectExecution> ExecuteAsync(ApprovalRecord approval, CancellationToken cancellationToken)
        {
            Tried.Add(approval.Id);
            if (Tried.Count <= Failures)
            {
                throw new StoreUnavailableException("The database is away.");
            }

            Executed.Add(approval.Id);
            return Task.FromResult(new EffectExecution { Succeeded = true, At = approval.AskedAt, Message = "done" });
        }
    }
}
