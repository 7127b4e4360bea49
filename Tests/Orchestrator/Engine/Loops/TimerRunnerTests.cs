using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Loops;

public sealed class TimerRunnerTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StageDefinition Gated = Flow.Stage("a") with { Approval = new ApprovalGate { Prompt = "Go?", ExpiresAfter = TimeSpan.FromHours(1) } };

    [Fact]
    public async Task RunOnce_QuestionExpired_CountsAsNo()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(Gated);
        Assert.Equal(0, await TickAsync(engine));
        engine.Time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, await TickAsync(engine));
        Assert.Equal(0, await TickAsync(engine));
        Assert.Equal(WorkflowStatus.Failed, (await engine.StateAsync(id)).Status);
    }

    [Fact]
    public async Task RunOnce_WorkflowTimeout_ExhaustsIt_AndStopsItsAgents()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var accepted = (SubmitOutcome.Accepted)await engine.TrySubmitAsync(submission => submission with { Definition = submission.Definition with { Timeout = TimeSpan.FromMinutes(1) } }, Flow.Stage("a"));
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        var heartbeat = engine.HeartbeatAsync(5_000, task);
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty((await heartbeat).Cancels);
        heartbeat = engine.HeartbeatAsync(5_000, task);
        Assert.Equal(1, await TickAsync(engine));
        Assert.Equal("lost", Assert.Single((await heartbeat).Cancels).Reason);
        Assert.Equal(WorkflowStatus.Exhausted, (await engine.StateAsync(accepted.Workflow.Header.Id)).Status);
    }

    [Fact]
    public async Task RunOnce_Paused_NothingIsDue_UntilResumed()
    {
        await using var engine = await TestEngine.StartAsync();
        var accepted = (SubmitOutcome.Accepted)await engine.TrySubmitAsync(submission => submission with { Definition = submission.Definition with { Timeout = TimeSpan.FromMinutes(1) } }, Flow.Stage("a"));
        var id = accepted.Workflow.Header.Id;
        await engine.Engine.PauseAsync(id, null, null, None);
        engine.Time.Advance(TimeSpan.FromDays(30));
        Assert.Equal(0, await TickAsync(engine));
        await engine.Engine.ResumeAsync(id, null, None);
        Assert.Equal(0, await TickAsync(engine));
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(1, await TickAsync(engine));
    }

    [Fact]
    public async Task RunOnce_OneWorkflowCannotBeRead_TheOthersAreServed()
    {
        await using var first = await TestEngine.StartAsync();
        var good = await first.SubmitAsync(Gated);
        var submission = await first.SubmissionAsync(null, Gated);
        await first.Engine.SubmitAsync(submission with { Header = submission.Header with { DefinitionVersion = "lost" } }, None);
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        engine.Time.Advance(TimeSpan.FromHours(1));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => TickAsync(engine));
        Assert.Equal(WorkflowStatus.Failed, (await engine.StateAsync(good)).Status);
    }

    private static Task<int> TickAsync(TestEngine engine) => engine.Get<TimerRunner>().RunOnceAsync(None);
}
