using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Feed;

public sealed class TaskFeedTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly StageDefinition A = Flow.Stage("a");
    private static readonly StageDefinition B = Flow.Stage("b", "a");

    [Fact]
    public async Task Claim_AnAttempt_CarriesWhatTheAgentNeeds()
    {
        await using var engine = await TestEngine.StartAsync();
        var stage = A with { With = JsonPayload.Parse("""{"x":1}"""), Timeout = TimeSpan.FromMinutes(2), MaxIterations = 50, Retry = new RetryPolicy { MaxAttempts = 5 } };
        var accepted = (SubmitOutcome.Accepted)await engine.TrySubmitAsync(
            submission => submission with { Header = submission.Header with { Requirements = "Add.", Input = JsonPayload.Parse("[1]"), Priority = Priority.High, Traceparent = "00-x-y-01" } },
            stage);
        var task = Assert.Single(await engine.ClaimAsync());
        var now = engine.Time.GetUtcNow();
        Assert.Equal((new TaskId(accepted.Workflow.Header.Id, "a", 1), "noop", Priority.High, "00-x-y-01"), (task.TaskId, task.AgentType, task.Priority, task.Traceparent));
        Assert.Equal((now, now.AddMinutes(2), 15_000L, 0, 4, 50), (task.CreatedAt, task.Deadline, task.LeaseMs, task.RetryCount, task.MaxRetries, task.MaxIterations));
        Assert.Equal(("""{"x":1}""", "[1]", "Add.", "a", null), (task.Payload!.ToString(), task.WorkflowContext.Input!.ToString(), task.WorkflowContext.Requirements, task.WorkflowContext.CurrentStage, task.WorkflowContext.PreviousStage));
        Assert.Equal(("work", "attempts/a/1", null), (task.Workspace!.Branch, task.Workspace.AttemptBranch, task.Workspace.BaseCommit));
    }

    [Fact]
    public async Task Claim_AttemptsThatLostTheirAgentsTogether_AreNoLongerGivenOutTogether()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        for (var workflow = 0; workflow < 3; workflow++)
        {
            await engine.SubmitAsync(A);
        }

        for (var death = 0; death < Quarantine.Suspicious; death++)
        {
            Assert.Equal(3, (await engine.ClaimAsync(most: 10)).Count);
            await engine.FlushAsync();
            engine.Time.Advance(TimeSpan.FromSeconds(15));
            Assert.Equal(3, await engine.Get<LeaseRescuer>().RunOnceAsync(None));
            await Eventually.TrueAsync(() => engine.Get<ReadyQueue>().DepthOf("noop") == 3, "The lost attempts wait again.");
        }

        await engine.RunAsync<AttemptReleaser>();
        var innocent = Assert.Single(await engine.ClaimAsync(most: 10));
        engine.Time.Advance(Quarantine.Pause);
        await Eventually.TrueAsync(() => engine.Get<ReadyQueue>().DepthOf("noop") == 2, "The others come back after their pause.");
        Assert.Empty(await engine.ClaimAsync(most: 10));

        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(innocent.TaskId)).Status);
        engine.Time.Advance(Quarantine.Pause);
        await Eventually.TrueAsync(() => engine.Get<ReadyQueue>().DepthOf("noop") == 2, "The others come back after their pause.");
        Assert.NotEqual(innocent.TaskId, Assert.Single(await engine.ClaimAsync(most: 10)).TaskId);
    }

    [Theory]
    [InlineData(-5)]
    [InlineData(5)]
    public async Task Report_TheAgentsDateIsHoursOff_TheAttemptBeganWithinItsStage(int hours)
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var queued = engine.Time.GetUtcNow();
        await engine.SubmitAsync(A);
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        engine.Time.Advance(TimeSpan.FromSeconds(3));
        var result = TestEngine.Result(task) with { StartedAt = queued.AddHours(hours), Usage = new Usage { DurationMs = 2_000 } };

        await engine.Feed.ReportAsync([result], None);

        var stored = await engine.AttemptAsync(task);
        Assert.Equal((queued.AddSeconds(hours < 0 ? 0 : 1), queued.AddSeconds(3)), (stored.StartedAt, stored.FinishedAt));
    }

    [Fact]
    public async Task Claim_OutputsOfNeeds_AreThoseOfAllAncestors_AndNoOthers()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B, Flow.Stage("side"), Flow.Stage("c", "b") with { Workspace = false });
        foreach (var stage in new[] { "a", "side", "b" })
        {
            await engine.ReportAsync(new TaskId(id, stage, 1), new StageOutcome.Completed { Output = JsonPayload.Parse($"\"{stage}\"") });
        }

        var task = (await engine.ClaimAsync(most: 10)).Single(candidate => candidate.TaskId.Stage == "c");
        Assert.Equal(["a", "b"], task.WorkflowContext.StageOutputs.Keys.Order());
        Assert.Equal("b", task.WorkflowContext.PreviousStage);
        Assert.Null(task.Workspace);
    }

    [Fact]
    public async Task Claim_AfterAFailure_TellsWhatWentWrong()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        await engine.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Failed { Error = Flow.Error() });
        Assert.Empty(await engine.ClaimAsync(most: 10));
        await engine.RunAsync<AttemptReleaser>();
        engine.Time.Advance(TimeSpan.FromSeconds(2));
        var task = Assert.Single(await engine.ClaimAsync(waitMs: 30_000));
        Assert.Equal((2, 1, "broken"), (task.TaskId.Attempt, task.RetryCount, task.PreviousError!.Code));
    }

    [Fact]
    public async Task Claim_Waiting_IsServedAtOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        var claim = engine.ClaimAsync(waitMs: 30_000);
        Assert.False(claim.IsCompleted);
        var id = await engine.SubmitAsync(A);
        Assert.Equal(new TaskId(id, "a", 1), Assert.Single(await claim).TaskId);
    }

    [Fact]
    public async Task Claim_NothingInTime_IsEmpty()
    {
        await using var engine = await TestEngine.StartAsync();
        var claim = engine.ClaimAsync(waitMs: 30_000);
        engine.Time.Advance(TimeSpan.FromSeconds(30));
        Assert.Empty(await claim);
    }

    [Fact]
    public async Task Claim_CanceledWhileItBuilds_GivesTheAttemptsBack()
    {
        await using var first = await TestEngine.StartAsync();
        var id = await first.SubmitAsync(A, B);
        await first.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Completed { Output = JsonPayload.EmptyObject });
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        using var stop = new CancellationTokenSource();
        engine.Store.AfterLoadOutputs = async () =>
        {
            await stop.CancelAsync();
            stop.Token.ThrowIfCancellationRequested();
        };
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => engine.Feed.ClaimAsync(new TaskClaim { AgentId = new AgentId("noop-1"), AgentType = "noop" }, stop.Token));
        engine.Store.ComeBack();
        Assert.Equal(0, engine.Get<AttemptHolders>().Count);
        Assert.Equal(new TaskId(id, "b", 1), Assert.Single(await engine.ClaimAsync("noop-2")).TaskId);
    }

    [Fact]
    public async Task Claim_StoreAway_GivesTheAttemptsBack()
    {
        await using var first = await TestEngine.StartAsync();
        var id = await first.SubmitAsync(A);
        await first.StopAsync();
        await using var engine = await TestEngine.StartAsync(first);
        engine.Store.GoAway();
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.ClaimAsync());
        engine.Store.ComeBack();
        Assert.Equal(new TaskId(id, "a", 1), Assert.Single(await engine.ClaimAsync()).TaskId);
    }

    [Fact]
    public async Task Claim_ByABroker_HasNoLease_UntilAnAgentStarts()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.SubmitAsync(A);
        var task = Assert.Single(await engine.Feed.ClaimAsync(new TaskClaim { AgentType = "noop", WaitMs = 0 }, None));
        Assert.Null(task.LeaseMs);
        await engine.FlushAsync();
        Assert.Equal(AttemptStatus.Pending, (await engine.AttemptAsync(task.TaskId)).Attempt.Status);
        Assert.True(await engine.Feed.StartAsync(task.TaskId, new AgentId("noop-1"), None));
        await engine.FlushAsync();
        Assert.Equal((AttemptStatus.Running, new AgentId("noop-1")), await engine.AttemptAsync(task.TaskId) is var attempt ? (attempt.Attempt.Status, attempt.Attempt.AgentId!.Value) : default);
    }

    [Fact]
    public async Task Start_Again_IsIdempotent_AndKeepsTheDeadline()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        var task = new TaskId(id, "a", 1);
        Assert.True(await engine.Feed.StartAsync(task, new AgentId("noop-1"), None));
        await engine.FlushAsync();
        var deadline = (await engine.AttemptAsync(task)).Attempt.Deadline;
        engine.Time.Advance(TimeSpan.FromSeconds(10));
        Assert.True(await engine.Feed.StartAsync(task, new AgentId("noop-1"), None));
        Assert.False(await engine.Feed.StartAsync(task, new AgentId("noop-2"), None));
        await engine.FlushAsync();
        Assert.Equal(deadline, (await engine.AttemptAsync(task)).Attempt.Deadline);
        Assert.False(await engine.Feed.StartAsync(new TaskId(id, "a", 2), new AgentId("noop-1"), None));
        Assert.False(await engine.Feed.StartAsync(new TaskId(WorkflowId.New(engine.Time), "a", 1), new AgentId("noop-1"), None));
    }

    [Fact]
    public async Task Claim_Paused_IsNotGiven_AndResumeOffersItAgain()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        await engine.Engine.PauseAsync(id, "ann", null, None);
        Assert.Empty(await engine.ClaimAsync());
        Assert.Equal(0, engine.Get<ReadyQueue>().DepthOf("noop"));
        var claim = engine.ClaimAsync(waitMs: 30_000);
        await engine.Engine.ResumeAsync(id, "ann", None);
        Assert.Equal(new TaskId(id, "a", 1), Assert.Single(await claim).TaskId);
    }

    [Fact]
    public async Task Resume_WhatAnAgentHolds_IsNotGivenTwice()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        Assert.Single(await engine.ClaimAsync());
        for (var i = 0; i < 3; i++)
        {
            await engine.Engine.PauseAsync(id, "ann", null, None);
            await engine.Engine.ResumeAsync(id, "ann", None);
        }

        Assert.Empty(await engine.ClaimAsync("noop-2"));
    }

    [Fact]
    public async Task Resume_WhatWaitsForItsTime_GoesOnWaiting()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        await engine.ReportAsync(new TaskId(id, "a", 1), new StageOutcome.Snoozed { DelayMs = 60_000 });
        for (var i = 0; i < 3; i++)
        {
            await engine.Engine.PauseAsync(id, "ann", null, None);
            await engine.Engine.ResumeAsync(id, "ann", None);
        }

        Assert.Empty(await engine.ClaimAsync());
        Assert.Equal(1, engine.Get<ReadyQueue>().Delayed);
        await engine.RunAsync<AttemptReleaser>();
        engine.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(2, Assert.Single(await engine.ClaimAsync(waitMs: 30_000)).TaskId.Attempt);
    }

    [Fact]
    public async Task Cancel_WhatWaits_IsWithdrawn()
    {
        await using var engine = await TestEngine.StartAsync();
        var (waiting, delayed) = (await engine.SubmitAsync(A), await engine.SubmitAsync(A));
        await engine.ReportAsync(new TaskId(delayed, "a", 1), new StageOutcome.Snoozed { DelayMs = 366L * 24 * 3600 * 1000 });
        await engine.Engine.CancelAsync(waiting, null, null, None);
        await engine.Engine.CancelAsync(delayed, null, null, None);
        Assert.Equal((0, 0), (engine.Get<ReadyQueue>().DepthOf("noop"), engine.Get<ReadyQueue>().Delayed));
    }

    [Fact]
    public async Task Heartbeat_UnknownAgent_IsToldToRegister()
    {
        await using var engine = await TestEngine.StartAsync();
        Assert.False((await engine.HeartbeatAsync(60_000)).Known);
        await engine.RegisterAsync();
        Assert.True((await engine.HeartbeatAsync(0)).Known);
    }

    [Fact]
    public async Task Heartbeat_RenewsTheLease()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        await engine.SubmitAsync(A);
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.FlushAsync();
        for (var i = 0; i < 10; i++)
        {
            engine.Time.Advance(TimeSpan.FromSeconds(5));
            Assert.Empty((await engine.HeartbeatAsync(0, task)).Cancels);
            await engine.FlushAsync();
            Assert.Equal(0, await engine.Get<LeaseRescuer>().RunOnceAsync(None));
        }

        Assert.True((await engine.AttemptAsync(task)).Attempt.LeaseExpiresAt > engine.Time.GetUtcNow().AddSeconds(14));
    }

    [Fact]
    public async Task Heartbeat_Waiting_LearnsOfACancelAtOnce()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var id = await engine.SubmitAsync(A, Flow.Stage("other"));
        var tasks = (await engine.ClaimAsync(most: 2)).Select(task => task.TaskId).ToArray();
        var heartbeat = engine.HeartbeatAsync(5_000, tasks);
        Assert.False(heartbeat.IsCompleted);
        await engine.Engine.CancelAsync(id, "ann", null, None);
        Assert.Contains((await heartbeat).Cancels, cancel => tasks.Contains(cancel.TaskId) && cancel.Reason == "canceled");
        Assert.Equal(tasks.Order(Comparer<TaskId>.Create((x, y) => string.CompareOrdinal(x.Stage, y.Stage))), (await engine.HeartbeatAsync(0, tasks)).Cancels.Select(cancel => cancel.TaskId).OrderBy(task => task.Stage, StringComparer.Ordinal));
        Assert.Equal(0, engine.Get<AttemptHolders>().Count);
    }

    [Fact]
    public async Task Heartbeat_ThatWouldOutliveTheLease_IsAnsweredInTime()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var heartbeat = engine.HeartbeatAsync(60_000);
        engine.Time.Advance(TimeSpan.FromSeconds(5));
        Assert.Empty((await heartbeat).Cancels);
    }

    [Fact]
    public async Task Heartbeat_WhatIsOverOrAnothers_IsToStop()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var id = await engine.SubmitAsync(A, B);
        Assert.Single(await engine.ClaimAsync("noop-2"));
        var (anothers, over, never) = (new TaskId(id, "a", 1), new TaskId(id, "a", 0), new TaskId(WorkflowId.New(engine.Time), "a", 1));
        var reply = await engine.HeartbeatAsync(0, anothers, over, never);
        Assert.Equal([(anothers, "lost"), (over, "lost"), (never, "lost")], reply.Cancels.Select(cancel => (cancel.TaskId, cancel.Reason)));
        Assert.Equal([new AgentId("noop-2")], engine.Get<AttemptHolders>().HeldOf(id).Select(task => engine.Get<AttemptHolders>().HolderOf(task)!.Value));
    }

    [Fact]
    public async Task Heartbeat_AfterARestart_KeepsTheAttempt_EvenWhenItsLeaseWasNeverWritten()
    {
        await using var first = await TestEngine.StartAsync();
        await first.RegisterAsync();
        var id = await first.SubmitAsync(A);
        var task = Assert.Single(await first.ClaimAsync()).TaskId;

        // Another engine on the same store, without the last 50 ms of the first.
        await using var engine = await TestEngine.StartAsync(first);
        Assert.Equal(AttemptStatus.Pending, (await engine.AttemptAsync(task)).Attempt.Status);
        Assert.Empty((await engine.HeartbeatAsync(0, task)).Cancels);
        Assert.Empty(await engine.ClaimAsync());
        Assert.Empty(await engine.ClaimAsync("noop-2"));
        await engine.FlushAsync();
        var attempt = (await engine.AttemptAsync(task)).Attempt;
        Assert.Equal((AttemptStatus.Running, engine.Time.GetUtcNow().AddMinutes(5) - TimeSpan.FromMilliseconds(50)), (attempt.Status, attempt.Deadline));
        Assert.Equal(ReceiptStatus.Accepted, (await engine.ReportAsync(task)).Status);
        Assert.Equal(WorkflowStatus.Completed, (await engine.StateAsync(id)).Status);
    }

    [Fact]
    public async Task Heartbeat_AnAttemptGivenToAnotherAfterARestart_IsToStop()
    {
        await using var first = await TestEngine.StartAsync();
        await first.SubmitAsync(A);
        var task = Assert.Single(await first.ClaimAsync()).TaskId;
        await using var engine = await TestEngine.StartAsync(first);
        await engine.RegisterAsync();
        Assert.Equal(task, Assert.Single(await engine.ClaimAsync("noop-2")).TaskId);
        Assert.Equal("lost", Assert.Single((await engine.HeartbeatAsync(0, task)).Cancels).Reason);
    }

    [Fact]
    public async Task Heartbeat_AnAttemptOfAnotherOrchestrator_IsNotToldToStop()
    {
        await using var one = await TestEngine.StartAsync();
        var id = await one.SubmitAsync(A, B);
        await using var other = await TestEngine.StartAsync(one);
        await other.RegisterAsync();
        Assert.Single(await other.ClaimAsync("noop-9"));
        await one.ReportAsync(new TaskId(id, "a", 1));
        var task = Assert.Single(await one.ClaimAsync()).TaskId;
        Assert.Equal("b", task.Stage);

        // The other one still believes that 'b' is blocked, and looks again before it says no.
        Assert.Empty((await other.HeartbeatAsync(0, task)).Cancels);
        Assert.NotNull(await other.Feed.RecordStepAsync(task, new StepKey(id, "b", "s", "h"), JsonPayload.EmptyObject, None));
        Assert.Equal(ReceiptStatus.Accepted, (await other.ReportAsync(task)).Status);
    }

    [Fact]
    public async Task Deregister_HandsBack_AtNoCost()
    {
        await using var engine = await TestEngine.StartAsync();
        await engine.RegisterAsync();
        var id = await engine.SubmitAsync(A, Flow.Stage("c"));
        Assert.Equal(2, (await engine.ClaimAsync(most: 2)).Count);
        await engine.Feed.DeregisterAsync(new AgentId("noop-1"), None);
        await engine.Feed.DeregisterAsync(new AgentId("noop-1"), None);
        var again = await engine.ClaimAsync("noop-2", most: 10);
        Assert.Equal([2, 2], again.Select(task => task.TaskId.Attempt));
        Assert.All(again, task => Assert.Equal(0, task.RetryCount));
        Assert.Equal(ReceiptStatus.Stale, (await engine.ReportAsync(new TaskId(id, "a", 1))).Status);
        Assert.False((await engine.HeartbeatAsync(0)).Known);
    }

    [Fact]
    public async Task Report_ABatch_HasAReceiptForEach_InOrder()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        var first = new TaskId(id, "a", 1);
        ResultEnvelope[] results =
        [
            TestEngine.Result(first),
            TestEngine.Result(new TaskId(id, "x", 1)),
            TestEngine.Result(new TaskId(id, "b", 7)),
            TestEngine.Result(new TaskId(WorkflowId.New(engine.Time), "a", 1)),
            TestEngine.Result(first),
        ];
        var receipts = await engine.Feed.ReportAsync(results, None);
        Assert.Equal([ReceiptStatus.Accepted, ReceiptStatus.Unknown, ReceiptStatus.Unknown, ReceiptStatus.Unknown, ReceiptStatus.Duplicate], receipts.Select(receipt => receipt.Status));
        Assert.Equal(results.Select(result => result.TaskId), receipts.Select(receipt => receipt.TaskId));
        Assert.Null(receipts[0].Reason);
        Assert.All(receipts.Skip(1), receipt => Assert.NotNull(receipt.Reason));
        Assert.Empty(await engine.Feed.ReportAsync([], None));
    }

    [Fact]
    public async Task Report_StaleAttempt_ChangesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        await engine.ReportAsync(task, new StageOutcome.Canceled { Reason = "Shutting down." });
        var version = (await engine.StateAsync(id)).Version;
        var receipt = await engine.ReportAsync(task);
        Assert.Equal((ReceiptStatus.Stale, "Attempt 1 of stage 'a' is over; the current one is 2 and the stage is pending."), (receipt.Status, receipt.Reason));
        Assert.Equal(version, (await engine.StateAsync(id)).Version);
    }

    [Fact]
    public async Task ReportStatus_IsKept_Shortened_AndOnlyOfCurrentAttempts()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A, B);
        var task = Assert.Single(await engine.ClaimAsync()).TaskId;
        StatusEnvelope Status(TaskId about) => new() { TaskId = about, AgentId = new AgentId("noop-1"), At = engine.Time.GetUtcNow() };
        await engine.Feed.ReportStatusAsync(
            [
                Status(task) with { Message = new string('m', 5000), ProgressPercent = 250, Iteration = 2 },
                Status(task) with { Log = [.. Enumerable.Range(0, 300).Select(n => $"{n} {new string('l', 5000)}")] },
                Status(new TaskId(id, "b", 1)) with { Message = "not mine" },
                Status(new TaskId(WorkflowId.New(engine.Time), "a", 1)) with { Message = "nobody's" },
            ],
            None);
        await engine.FlushAsync();
        var attempt = await engine.AttemptAsync(task);
        Assert.Equal((4000, 100, 2), (attempt.Message!.Length, attempt.ProgressPercent, attempt.Iteration));
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.started", "stage.progress", "stage.log"], await engine.EventsAsync(id));
        var log = (await engine.Memory.ReadEventsAsync(id, 0, 100, None))[^1].Data.To<AttemptLogged>()!;
        Assert.Equal((200, 4000), (log.Lines.Count, log.Lines[0].Length));
    }

    [Fact]
    public async Task Steps_FirstWriterWins_AndOnlyTheCurrentAttemptWrites()
    {
        await using var engine = await TestEngine.StartAsync();
        var id = await engine.SubmitAsync(A);
        var (task, key) = (new TaskId(id, "a", 1), new StepKey(id, "a", "plan", "00ff"));
        Assert.Null(await engine.Feed.FindStepAsync(key, None));
        Assert.Equal("1", (await engine.Feed.RecordStepAsync(task, key, JsonPayload.Parse("1"), None))!.ToString());
        Assert.Equal("1", (await engine.Feed.RecordStepAsync(task, key, JsonPayload.Parse("2"), None))!.ToString());
        await engine.ReportAsync(task, new StageOutcome.Canceled());
        Assert.Null(await engine.Feed.RecordStepAsync(task, key with { Name = "late" }, JsonPayload.Parse("3"), None));
        Assert.Null(await engine.Feed.FindStepAsync(key with { Name = "late" }, None));
        Assert.Equal("1", (await engine.Feed.RecordStepAsync(new TaskId(id, "a", 2), key, JsonPayload.Parse("4"), None))!.ToString());
    }

    [Fact]
    public async Task ClaimsAndCancels_AtOnce_LeaveNoHolderBehind()
    {
        await using var engine = await TestEngine.StartAsync();
        for (var round = 0; round < 300; round++)
        {
            var id = await engine.SubmitAsync(A);
            var claim = Task.Run(() => engine.ClaimAsync());
            await engine.Engine.CancelAsync(id, null, null, None);
            await claim;
            Assert.Equal(0, engine.Get<AttemptHolders>().Count);
        }
    }

    [Fact]
    public async Task PausesAndClaims_AtOnce_LoseNothing_AndGiveNothingTwice()
    {
        await using var engine = await TestEngine.StartAsync();
        for (var round = 0; round < 200; round++)
        {
            var id = await engine.SubmitAsync(A);
            var claims = Enumerable.Range(0, 3).Select(n => Task.Run(() => engine.ClaimAsync($"noop-{n}"))).ToList();
            var pauses = Task.Run(async () =>
            {
                await engine.Engine.PauseAsync(id, null, null, None);
                await engine.Engine.ResumeAsync(id, null, None);
            });
            await Task.WhenAll([.. claims, pauses]);
            var given = claims.SelectMany(claim => claim.Result).Concat(await engine.ClaimAsync("noop-9", most: 10)).ToList();
            Assert.Equal(new TaskId(id, "a", 1), Assert.Single(given).TaskId);
            await engine.ReportAsync(given[0].TaskId);
        }
    }
}
