using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine;

public sealed class WorkflowEngineTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StageDefinition A = Flow.Stage("a");

    [Fact]
    public async Task Submit_SameKeyAndRequest_IsReplayed()
    {
        await using var engine = await TestEngine.StartAsync();
        var first = Assert.IsType<SubmitOutcome.Accepted>(await KeyedAsync(engine, "key", "hash"));
        var again = Assert.IsType<SubmitOutcome.Replayed>(await KeyedAsync(engine, "key", "hash"));
        Assert.Equal(first.Workflow.Header.Id, again.Workflow.Header.Id);
        Assert.Equal(first.Workflow.Header.Id, Assert.IsType<SubmitOutcome.KeyMismatch>(await KeyedAsync(engine, "key", "other")).WorkflowId);
        Assert.Single(await engine.ClaimAsync(most: 10));
    }

    [Fact]
    public async Task Submit_SameKeyAtOnce_IsAcceptedOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        for (var round = 0; round < 30; round++)
        {
            var key = $"key-{round}";
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => KeyedAsync(engine, key, "hash"))));
            var accepted = Assert.Single(outcomes.OfType<SubmitOutcome.Accepted>());
            Assert.All(outcomes.OfType<SubmitOutcome.Replayed>(), replayed => Assert.Equal(accepted.Workflow.Header.Id, replayed.Workflow.Header.Id));
            Assert.Equal(5, outcomes.OfType<SubmitOutcome.Replayed>().Count());
        }

        Assert.Equal(30, (await engine.ClaimAsync(most: 100)).Count);
    }

    [Fact]
    public async Task Submit_SameKeyInOneTransaction_IsAcceptedOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        var (gate, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        var other = engine.TrySubmitAsync(null, A);
        await entered.Task;
        var (one, two) = (KeyedAsync(engine, "key", "hash"), KeyedAsync(engine, "key", "different"));
        gate.SetResult();
        await other;
        SubmitOutcome[] outcomes = [await one, await two];
        Assert.Single(outcomes.OfType<SubmitOutcome.Accepted>());
        Assert.Single(outcomes.OfType<SubmitOutcome.KeyMismatch>());
    }

    [Fact]
    public async Task Submit_SameKeyAfterARestart_IsReplayed()
    {
        await using var first = await TestEngine.StartAsync();
        var accepted = Assert.IsType<SubmitOutcome.Accepted>(await KeyedAsync(first, "key", "hash"));
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        Assert.Equal(accepted.Workflow.Header.Id, Assert.IsType<SubmitOutcome.Replayed>(await KeyedAsync(engine, "key", "hash")).Workflow.Header.Id);
    }

    [Fact]
    public async Task Commands_UnknownWorkflow_IsNotFound()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = WorkflowId.New(engine.Time);
        Assert.IsType<CommandOutcome.NotFound>(await engine.Engine.CancelAsync(id, null, null, None));
        Assert.IsType<CommandOutcome.NotFound>(await engine.Engine.PauseAsync(id, null, null, None));
        Assert.IsType<CommandOutcome.NotFound>(await engine.Engine.ResumeAsync(id, null, None));
        Assert.IsType<CommandOutcome.NotFound>(await engine.Engine.RetryAsync(id, null, null, None));
        Assert.IsType<CommandOutcome.NotFound>(await engine.Engine.DecideAsync(id, "a", Flow.Decision(true), null, None));
    }

    [Fact]
    public async Task Commands_GiveTheWorkflowAsItIsNow_OrWhyNot()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A with { Approval = new ApprovalGate { Prompt = "Go?" } });
        Assert.Equal(WorkflowStatus.Paused, Assert.IsType<CommandOutcome.Applied>(await engine.Engine.PauseAsync(id, "ann", "lunch", None)).Workflow.State.Status);
        Assert.Equal("lunch", Assert.IsType<CommandOutcome.Applied>(await engine.Engine.PauseAsync(id, "bob", "again", None)).Workflow.State.Reason);
        Assert.Equal(WorkflowStatus.Waiting, Assert.IsType<CommandOutcome.Applied>(await engine.Engine.ResumeAsync(id, "ann", None)).Workflow.State.Status);
        Assert.Equal(WorkflowStatus.Running, Assert.IsType<CommandOutcome.Applied>(await engine.Engine.DecideAsync(id, "a", Flow.Decision(true), null, None)).Workflow.State.Status);
        var refused = Assert.IsType<CommandOutcome.Refused>(await engine.Engine.DecideAsync(id, "a", Flow.Decision(true), null, None));
        Assert.Equal("Stage 'a' does not wait for a decision: it is pending.", refused.Message);
        await engine.ReportAsync(new TaskId(id, "a", 1));
        var late = Assert.IsType<CommandOutcome.Refused>(await engine.Engine.CancelAsync(id, null, null, None));
        Assert.Equal((WorkflowStatus.Completed, "The workflow is completed already; only a running one can be canceled."), (late.Workflow.State.Status, late.Message));
    }

    [Fact]
    public async Task Commands_CallerGivesUp_ItIsStoredAllTheSame()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        var (gate, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        using var stop = new CancellationTokenSource();
        var cancel = engine.Engine.CancelAsync(id, null, null, stop.Token);
        await entered.Task;
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancel);
        gate.SetResult();
        await engine.SettleAsync();
        Assert.Equal(WorkflowStatus.Canceled, (await engine.StateAsync(id)).Status);
    }

    [Fact]
    public async Task Retry_AfterTheEnd_RunsAgain_WithHigherNumbers()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, Flow.Stage("b", "a"));
        await engine.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Completed { Output = JsonPayload.Parse("1") });
        await engine.ReportAsync(new TaskId(id, "b", 1), new StageOutcome.Failed { Error = Flow.Error(retryable: false) });
        Assert.Empty(await engine.ClaimAsync(most: 10));
        Assert.IsType<CommandOutcome.Applied>(await engine.Engine.RetryAsync(id, null, "ann", None));
        var task = Assert.Single(await engine.ClaimAsync(most: 10));
        Assert.Equal((new TaskId(id, "b", 2), "1"), (task.TaskId, task.WorkflowContext.StageOutputs["a"].ToString()));
    }

    private static Task<SubmitOutcome> KeyedAsync(TestEngine engine, string key, string hash) =>
        engine.TrySubmitAsync(submission => submission with { Idempotency = new IdempotencyRecord(key, hash, submission.Header.Id) }, A);
}
