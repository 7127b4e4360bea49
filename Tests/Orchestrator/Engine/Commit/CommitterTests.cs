using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Commit;

public sealed class CommitterTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StageDefinition A = Flow.Stage("a");
    private static readonly StageDefinition B = Flow.Stage("b", "a");

    [Fact]
    public async Task Submit_Accepted_IsStoredAndOffered()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        Assert.Equal(1, (await engine.StateAsync(id)).Version);
        Assert.Equal(["workflow.submitted", "stage.queued"], await engine.EventsAsync(id));
        Assert.Equal([new TaskId(id, "a", 1)], (await engine.ClaimAsync(most: 10)).Select(task => task.TaskId));
    }

    [Fact]
    public async Task RunOnce_ManyInputs_AreOneTransaction()
    {
        await using var engine = await TestEngine.StartAsync(committing: false);
        var items = new List<CommitItem>();
        for (var i = 0; i < 10; i++)
        {
            items.Add(await SubmissionAsync(engine));
        }

        await engine.Committer.RunOnceAsync(items);
        Assert.Equal(10, Assert.Single(engine.Store.Batches).Workflows.Count);
        Assert.All(items, item => Assert.Equal(Verdict.Applied, item.Task.Result.Decision!.Verdict));
    }

    [Fact]
    public async Task RunOnce_ManyInputsOfOneWorkflow_AreOneWriteInOrder()
    {
        await using var engine = await TestEngine.StartAsync(committing: false);
        var submission = await SubmissionAsync(engine, A, B);
        var id = submission.WorkflowId;
        CommitItem[] items =
        [
            submission,
            Item(engine, new TaskId(id, "a", 1)),
            Item(engine, new TaskId(id, "a", 1)),
            new CommitItem(id, new WorkflowInput.Pause("ann", null) { At = engine.Time.GetUtcNow() }),
            new CommitItem(id, new WorkflowInput.Cancel("ann", null) { At = engine.Time.GetUtcNow() }),
            Item(engine, new TaskId(id, "b", 1)),
        ];
        await engine.Committer.RunOnceAsync(items);
        Assert.Equal(
            [Verdict.Applied, Verdict.Applied, Verdict.Duplicate, Verdict.Applied, Verdict.Applied, Verdict.Stale],
            items.Select(item => item.Task.Result.Decision!.Verdict));
        var write = Assert.Single(Assert.Single(engine.Store.Batches).Workflows);
        Assert.Equal((0, 1), (write.ExpectedVersion, write.State.Version));
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.completed", "stage.queued", "workflow.paused", "stage.canceled", "workflow.canceled"], await engine.EventsAsync(id));
        Assert.Empty(await engine.Memory.ListActiveAttemptsAsync(null, 10, None));
        Assert.Equal(0, engine.Get<ReadyQueue>().DepthOf("noop"));
    }

    [Fact]
    public async Task RunOnce_RetryInTheBatchOfTheEnd_IsDoneInTheNext()
    {
        await using var engine = await TestEngine.StartAsync(committing: false);
        var submission = await SubmissionAsync(engine, A);
        await engine.Committer.RunOnceAsync([submission]);
        var (result, retry) = (Item(engine, new TaskId(submission.WorkflowId, "a", 1)), new CommitItem(submission.WorkflowId, new WorkflowInput.Retry("a", "ann") { At = engine.Time.GetUtcNow() }));
        await engine.Committer.RunOnceAsync([result, retry]);
        Assert.True(result.Task.IsCompletedSuccessfully);
        Assert.False(retry.Task.IsCompleted);
        await engine.RunAsync<Committer>();
        Assert.Equal(Verdict.Applied, (await retry.Task).Decision!.Verdict);
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(new TaskId(submission.WorkflowId, "a", 2))).Status);
        Assert.Equal(WorkflowStatus.Completed, (await engine.StateAsync(submission.WorkflowId)).Status);
    }

    [Fact]
    public async Task Commit_StoreAway_CallersAreTold_AndNothingIsHalfDone()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        var task = Assert.Single(await engine.ClaimAsync());
        engine.Store.GoAway();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.ReportAsync(task.TaskId));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.SubmitAsync(A));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.Engine.CancelAsync(id, null, null, None));
        Assert.Equal(1, (await engine.StateAsync(id)).Version);
        Assert.Empty(await engine.ClaimAsync());

        engine.Store.ComeBack();
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(task.TaskId)).Status);
        Assert.Equal([new TaskId(id, "b", 1)], (await engine.ClaimAsync()).Select(next => next.TaskId));
    }

    [Fact]
    public async Task Commit_WrittenButNotConfirmed_TheNextAttemptIsOfferedAllTheSame()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        var task = Assert.Single(await engine.ClaimAsync());
        engine.Store.AfterCommit = _ => throw new StoreUnavailableException("The connection broke.");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.ReportAsync(task.TaskId));
        engine.Store.ComeBack();
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await engine.SettleAsync();
        Assert.Equal([new TaskId(id, "b", 1)], (await engine.ClaimAsync()).Select(next => next.TaskId));
        Assert.Equal(ReceiptStatus.Duplicate, (await engine.ReportAsync(task.TaskId)).Status);
        Assert.Empty(await engine.ClaimAsync());
    }

    [Fact]
    public async Task Commit_SubmissionWrittenButNotConfirmed_Runs()
    {
        await using var engine = await TestEngine.StartAsync();
        engine.Store.AfterCommit = _ => throw new StoreUnavailableException("The connection broke.");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.SubmitAsync(A));
        engine.Store.ComeBack();
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await engine.SettleAsync();
        Assert.Single(await engine.ClaimAsync());
    }

    [Fact]
    public async Task Commit_CancelWrittenButNotConfirmed_ReachesTheAgent_AndReadersOfEvents()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var id = await engine.SubmitAsync(A);
        var task = Assert.Single(await engine.ClaimAsync());
        var heartbeat = engine.HeartbeatAsync(60_000, task.TaskId);
        var signal = engine.Get<EventSignal>();
        var events = signal.WaitAsync(signal.LastEventId, None);
        engine.Store.AfterCommit = _ => throw new StoreUnavailableException("The connection broke.");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.Engine.CancelAsync(id, "ann", null, None));
        Assert.False(heartbeat.IsCompleted);
        engine.Store.ComeBack();
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("canceled", Assert.Single((await heartbeat).Cancels).Reason);
        await events.WaitAsync(TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task Commit_OneWorkflowSpoilsTheBatch_TheOthersAreStored()
    {
        await using var engine = await TestEngine.StartAsync(committing: false);
        var (good, bad, other) = (await SubmissionAsync(engine), await SubmissionAsync(engine), await SubmissionAsync(engine));
        engine.Store.BeforeCommit = batch => batch.Workflows.Any(write => write.State.Id == bad.WorkflowId) ? throw new StoreInvariantException("Twice.") : Task.CompletedTask;
        await engine.Committer.RunOnceAsync([good, bad, other]);
        Assert.Equal(Verdict.Applied, (await good.Task).Decision!.Verdict);
        Assert.Equal(Verdict.Applied, (await other.Task).Decision!.Verdict);
        Assert.Contains("Twice.", (await Assert.ThrowsAsync<StoreUnavailableException>(() => bad.Task)).Message, StringComparison.Ordinal);
        Assert.Equal(2, engine.Get<ReadyQueue>().DepthOf("noop"));
    }

    [Fact]
    public async Task Commit_DefinitionMissing_FailsOnlyItsWorkflow()
    {
        await using var first = await TestEngine.StartAsync();
        var good = await first.SubmitAsync(A);
        var submission = await first.SubmissionAsync(null, A);
        var bad = submission.Header.Id;
        await first.Engine.SubmitAsync(submission with { Header = submission.Header with { DefinitionVersion = "lost" } }, None);
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first, committing: false);
        var items = new[] { good, bad }.Select(id => new CommitItem(id, new WorkflowInput.Cancel(null, null) { At = engine.Time.GetUtcNow() })).ToArray();
        await engine.Committer.RunOnceAsync(items);
        Assert.Equal(Verdict.Applied, (await items[0].Task).Decision!.Verdict);
        Assert.Contains("pinned to definition version lost", (await Assert.ThrowsAsync<StoreUnavailableException>(() => items[1].Task)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_TooMuchWaiting_IsRefused_AndReportsWaitTheirTurn()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.MailboxCapacity = 2);
        var first = await engine.SubmitAsync(A);
        var task = Assert.Single(await engine.ClaimAsync());
        var (gate, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        var submissions = new List<Task<SubmitOutcome>> { engine.TrySubmitAsync(null, A) };
        await entered.Task;
        submissions.AddRange([engine.TrySubmitAsync(null, A), engine.TrySubmitAsync(null, A), engine.TrySubmitAsync(null, A)]);
        Assert.IsType<SubmitOutcome.Overloaded>(await submissions[3]);
        var report = engine.ReportAsync(task.TaskId);
        Assert.False(report.IsCompleted);
        gate.SetResult();
        Assert.Equal(ReceiptStatus.Accepted, (await report).Status);
        Assert.All(await Task.WhenAll(submissions[..3]), outcome => Assert.IsType<SubmitOutcome.Accepted>(outcome));
        Assert.Equal(WorkflowStatus.Completed, (await engine.StateAsync(first)).Status);
    }

    [Fact]
    public async Task Submit_StoreThatAnswersAtOnce_DoesNotKeepTheSubmitterForTheOthers()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.SubmitAsync(A);
        using var stop = new CancellationTokenSource();
        var (others, mine) = (0, new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            // With each commit there is another input, until the first submitter got on.
            if (!stop.IsCancellationRequested)
            {
                Interlocked.Increment(ref others);
                engine.Committer.TrySubmit(new CommitItem(WorkflowId.New(engine.Time), new WorkflowInput.Tick { At = engine.Time.GetUtcNow() }));
            }

            return Task.CompletedTask;
        };
        var submitting = Task.Run(async () =>
        {
            var submitted = engine.TrySubmitAsync(null, A);
            mine.SetResult();
            await submitted;
        });
        await mine.Task.WaitAsync(TimeSpan.FromSeconds(30));
        await stop.CancelAsync();
        await submitting;
        Assert.True(others > 0);
    }

    [Fact]
    public async Task Flush_WhileTheMailboxIsFull_IsNotLost()
    {
        await using var engine = await TestEngine.StartAsync(configure: options => options.MailboxCapacity = 1);
        await engine.SubmitAsync(A);
        var (gate, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        var working = engine.TrySubmitAsync(null, A);
        await entered.Task;
        var waiting = engine.TrySubmitAsync(null, A);
        var task = Assert.Single(await engine.ClaimAsync());
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        gate.SetResult();
        await Task.WhenAll(working, waiting);
        await engine.SettleAsync();
        Assert.Equal(AttemptStatus.Running, (await engine.AttemptAsync(task.TaskId)).Attempt.Status);
    }

    [Fact]
    public async Task Flush_StoreAway_IsMadeUpFor_WithStartAndDeadline()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A with { Timeout = TimeSpan.FromMinutes(2) });
        var began = engine.Time.GetUtcNow();
        var task = Assert.Single(await engine.ClaimAsync());
        engine.Store.BeforeCommit = _ => throw new StoreUnavailableException("The database is away.");
        await engine.FlushAsync();
        engine.Time.Advance(TimeSpan.FromSeconds(5));
        await engine.HeartbeatAsync(0, task.TaskId);
        await engine.SettleAsync();
        engine.Store.ComeBack();
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await engine.SettleAsync();
        var attempt = await engine.AttemptAsync(task.TaskId);
        Assert.Equal((AttemptStatus.Running, began, began.AddMinutes(2)), (attempt.Attempt.Status, attempt.StartedAt, attempt.Attempt.Deadline));
        Assert.True(attempt.Attempt.LeaseExpiresAt > began.AddSeconds(15));
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.started"], await engine.EventsAsync(id));
    }

    [Fact]
    public async Task Flush_InABatchThatCannotBeDecided_IsMadeUpFor()
    {
        await using var engine = await TestEngine.StartAsync(committing: false);
        var submission = await SubmissionAsync(engine);
        await engine.Committer.RunOnceAsync([submission]);
        var task = Assert.Single(await engine.ClaimAsync());
        engine.Time.Advance(TimeSpan.FromMilliseconds(50));
        engine.Store.BeforeLoad = () => throw new StoreUnavailableException("The database is away.");
        var cancel = new CommitItem(WorkflowId.New(engine.Time), new WorkflowInput.Cancel(null, null) { At = engine.Time.GetUtcNow() });
        await engine.Committer.RunOnceAsync([cancel]);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => cancel.Task);
        engine.Store.ComeBack();
        await engine.Committer.RunOnceAsync([]);
        Assert.Equal(AttemptStatus.Pending, (await engine.AttemptAsync(task.TaskId)).Attempt.Status);
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await engine.Committer.RunOnceAsync([]);
        Assert.Equal(AttemptStatus.Running, (await engine.AttemptAsync(task.TaskId)).Attempt.Status);
    }

    [Fact]
    public async Task Attempt_ThatEndsBeforeTheFlush_CostsNoWriteForItsLease()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        await engine.ReportAsync(Assert.Single(await engine.ClaimAsync()).TaskId);
        await engine.FlushAsync();
        Assert.Equal(2, engine.Store.Batches.Count);
        Assert.All(engine.Store.Batches, batch => Assert.Empty(batch.Leases));
        Assert.DoesNotContain("stage.started", await engine.EventsAsync(id));
    }

    [Fact]
    public async Task Stop_EverythingTakenInIsAnswered_AndLeasesAreWritten()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.SubmitAsync(A);
        var task = Assert.Single(await engine.ClaimAsync());
        var (gate, entered) = (new TaskCompletionSource(), new TaskCompletionSource());
        engine.Store.BeforeCommit = _ =>
        {
            entered.TrySetResult();
            return gate.Task;
        };
        var submissions = Enumerable.Range(0, 20).Select(_ => engine.TrySubmitAsync(null, A)).ToList();
        await entered.Task;
        var stopping = engine.StopAsync();
        gate.SetResult();
        await stopping;
        Assert.All(await Task.WhenAll(submissions), outcome => Assert.IsType<SubmitOutcome.Accepted>(outcome));
        Assert.Equal(AttemptStatus.Running, (await engine.AttemptAsync(task.TaskId)).Attempt.Status);
        Assert.IsType<SubmitOutcome.Overloaded>(await engine.TrySubmitAsync(null, A));
        var refused = await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.ReportAsync(task.TaskId));
        Assert.Equal("The orchestrator is stopping. Try again when it is back.", refused.Message);
    }

    [Fact]
    public async Task Effects_ThatThrow_AreMadeUpFor()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        var task = Assert.Single(await engine.ClaimAsync());

        // Effects do not fail by themselves: here the clock that they read does, once.
        engine.Store.AfterCommit = _ =>
        {
            engine.Store.ComeBack();
            engine.Time.FailNextReading();
            return Task.CompletedTask;
        };
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(task.TaskId)).Status);
        engine.Time.Advance(TimeSpan.FromSeconds(1));
        await engine.SettleAsync();
        Assert.Equal([new TaskId(id, "b", 1)], (await engine.ClaimAsync()).Select(next => next.TaskId));
    }

    private static async Task<CommitItem> SubmissionAsync(TestEngine engine, params StageDefinition[] stages)
    {
        engine.Time.Advance(TimeSpan.FromMilliseconds(1));
        var submission = await engine.SubmissionAsync(null, stages.Length == 0 ? [A] : stages);
        return new CommitItem(submission.Header.Id, new WorkflowInput.Submit { At = engine.Time.GetUtcNow() }) { Submission = submission };
    }

    private static CommitItem Item(TestEngine engine, TaskId task) =>
        new(task.WorkflowId, new WorkflowInput.Report { At = engine.Time.GetUtcNow(), Result = TestEngine.Result(task) });
}
