using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

public abstract partial class WorkflowStoreConformance
{
    [ServerFact]
    public async Task Commit_AttemptBegins_IsPendingAsWritten()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id) with { NewAttempts = [Begin("build", 1) with { AvailableAt = Now.AddSeconds(7) }] });
        var expected = new ActiveAttempt(new TaskId(id, "build", 1), AttemptStatus.Pending, "builder", Priority.High, Now, Now.AddSeconds(7), null, null, null);
        Same(new StoredAttempt { Attempt = expected }, await Store.AttemptAsync(id));
    }

    [ServerFact]
    public async Task Commit_NewWorkflowWithAnAttemptThatIsOver_CountsItsOutput()
    {
        var id = NextId();
        var submit = Submit(id);
        await Store.CommitAsync(submit with
        {
            State = submit.State with { Origin = new WorkflowOrigin { Kind = WorkflowOriginKind.Fork, Of = NextId(), FromStage = "test", TakenOver = ["build"] } },
            NewAttempts = [Begin("build", 1), Begin("test", 1)],
            EndedAttempts = [End("build", 1, output: JsonPayload.Parse("""{"taken":"over"}""")) with { Commit = "c1" }],
            Events = [.. submit.Events, new StageCompleted { At = Now, Stage = "build", Attempt = 1, Commit = "c1" }, new StageQueued { At = Now, Stage = "test", Attempt = 1 }],
        });

        Assert.Equal("""{"taken":"over"}""", (await Store.LoadOutputsAsync(id, CancellationToken.None))["build"].ToString());
        Assert.Equal(["test"], (await Store.ListActiveAttemptsAsync(null, 10, CancellationToken.None)).Select(attempt => attempt.TaskId.Stage));
        Assert.Equal(["build"], (await Store.LoadAsync([id], CancellationToken.None))[0].State.Origin!.TakenOver);
    }

    [ServerFact]
    public async Task Commit_AttemptEnds_KeepsAllThatItBrought()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var end = End("build", 1, AttemptStatus.Failed, JsonPayload.Parse("""{"report":"bad"}""")) with
        {
            AgentId = new AgentId("builder-1"),
            StartedAt = Now.AddSeconds(1),
            Error = new StructuredError { Code = "tests_failed", Message = "no", Severity = ErrorSeverity.Info },
            Usage = new Usage { DurationMs = 12, PromptTokens = 3 },
            Commit = "abc",
            Extras = JsonPayload.Parse("""{"warnings":["w"]}"""),
        };
        await Store.CommitAsync(first.Then() with { EndedAttempts = [end] });

        var attempt = await Store.AttemptAsync(first.State.Id);
        var expected = new StoredAttempt
        {
            Attempt = attempt.Attempt with { Status = AttemptStatus.Failed, AgentId = end.AgentId, LeaseExpiresAt = null },
            StartedAt = end.StartedAt,
            FinishedAt = end.FinishedAt,
            Output = end.Output,
            Error = end.Error,
            Usage = end.Usage,
            Commit = end.Commit,
            Extras = end.Extras,
        };
        Same(expected, attempt);
        var listed = Assert.Single(await Store.ListAttemptsAsync(new AttemptQuery { WorkflowId = first.State.Id }, CancellationToken.None));
        Same(expected with { Output = null }, listed);
    }

    [ServerFact]
    public async Task Commit_AttemptBeginsAndEndsInOneBatch_IsOver()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id) with { EndedAttempts = [End("build", 1)] });
        Assert.Equal(AttemptStatus.Completed, (await Store.AttemptAsync(id)).Attempt.Status);
        Assert.Empty(await Store.ListActiveAttemptsAsync(null, 10, CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_EndOfAnAttemptThatIsOver_ChangesNothing()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first with { EndedAttempts = [End("build", 1, AttemptStatus.Lost)] });
        await Store.CommitAsync(first.Then() with { EndedAttempts = [End("build", 1, AttemptStatus.Completed, Payload(10))] });
        var attempt = await Store.AttemptAsync(first.State.Id);
        Assert.Equal(AttemptStatus.Lost, attempt.Attempt.Status);
        Assert.Null(attempt.Output);
        Assert.Empty(await Store.LoadOutputsAsync(first.State.Id, CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_EndOfAnAttemptThatIsNotThere_ChangesNothing()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first with { EndedAttempts = [End("test", 9)] });
        Assert.Null(await Store.FindAttemptAsync(new TaskId(first.State.Id, "test", 9), CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_EndNamesNobody_WhatTheLeaseSaidStands()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        await Store.CommitAsync(Lease(first.State.Id, "builder-1"));
        await Store.CommitAsync(first.Then() with { EndedAttempts = [End("build", 1, AttemptStatus.Lost)] });
        var attempt = await Store.AttemptAsync(first.State.Id);
        Assert.Equal(new AgentId("builder-1"), attempt.Attempt.AgentId);
        Assert.Equal(Now, attempt.StartedAt);
        Assert.Null(attempt.Attempt.LeaseExpiresAt);
    }

    [ServerFact]
    public async Task Commit_LeaseBegins_AttemptRuns()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        await Store.CommitAsync(Lease(id, "builder-1"));
        var attempt = await Store.AttemptAsync(id);
        var expected = new ActiveAttempt(
            new TaskId(id, "build", 1), AttemptStatus.Running, "builder", Priority.High, Now, null, new AgentId("builder-1"), Now.AddSeconds(30), Now.AddMinutes(5));
        Assert.Equal(expected, attempt.Attempt);
        Assert.Equal(Now, attempt.StartedAt);
    }

    [ServerFact]
    public async Task Commit_LeaseRenewed_MovesTheExpiryAndKeepsTheRest()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        await Store.CommitAsync(Lease(id, "builder-1"));
        await Store.CommitAsync(Lease(id, "builder-1", seconds: 90) with { StartedAt = Now.AddSeconds(60), Deadline = null });
        var attempt = await Store.AttemptAsync(id);
        Assert.Equal(Now.AddSeconds(90), attempt.Attempt.LeaseExpiresAt);
        Assert.Equal(Now.AddMinutes(5), attempt.Attempt.Deadline);
        Assert.Equal(Now, attempt.StartedAt);
    }

    [ServerFact]
    public async Task Commit_LeaseOfAnotherAgent_DoesNotTakeARunningAttempt()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        await Store.CommitAsync(Lease(id, "builder-1"));
        await Store.CommitAsync(Lease(id, "builder-2", seconds: 90));
        Assert.Equal(new AgentId("builder-1"), (await Store.AttemptAsync(id)).Attempt.AgentId);
        Assert.Equal(Now.AddSeconds(30), (await Store.AttemptAsync(id)).Attempt.LeaseExpiresAt);
    }

    [ServerFact]
    public async Task Commit_BrokerConfirmed_IsDispatchedUntilAnAgentStartsIt()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        await Store.CommitAsync(Dispatched(id));
        Assert.Equal(AttemptStatus.Dispatched, (await Store.AttemptAsync(id)).Attempt.Status);
        await Store.CommitAsync(Lease(id, "builder-1"));
        Assert.Equal(AttemptStatus.Running, (await Store.AttemptAsync(id)).Attempt.Status);
        await Store.CommitAsync(Dispatched(id));
        Assert.Equal(AttemptStatus.Running, (await Store.AttemptAsync(id)).Attempt.Status);
        Assert.Equal(Now.AddSeconds(30), (await Store.AttemptAsync(id)).Attempt.LeaseExpiresAt);
    }

    [ServerFact]
    public async Task Commit_LeaseOfAnAttemptThatIsOver_ChangesNothing()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id) with { EndedAttempts = [End("build", 1, AttemptStatus.Canceled)] });
        await Store.CommitAsync(Lease(id, "builder-1"), Dispatched(id));
        Assert.Equal(AttemptStatus.Canceled, (await Store.AttemptAsync(id)).Attempt.Status);
        Assert.Null((await Store.AttemptAsync(id)).Attempt.AgentId);
    }

    [ServerFact]
    public async Task Commit_LeaseAndEndInOneBatch_IsOver()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var end = End("build", 1) with { AgentId = new AgentId("builder-1"), StartedAt = Now };
        await Store.CommitAsync(new CommitBatch { Workflows = [first.Then() with { EndedAttempts = [end] }], Leases = [Lease(first.State.Id, "builder-1")] }, CancellationToken.None);
        var attempt = await Store.AttemptAsync(first.State.Id);
        Assert.Equal(AttemptStatus.Completed, attempt.Attempt.Status);
        Assert.Null(attempt.Attempt.LeaseExpiresAt);
    }

    [ServerFact]
    public async Task Commit_LeaseOfAnAttemptThatTheBatchBegins_AttemptRuns()
    {
        var id = NextId();
        await Store.CommitAsync(new CommitBatch { Workflows = [Submit(id)], Leases = [Lease(id, "builder-1")] }, CancellationToken.None);
        Assert.Equal(AttemptStatus.Running, (await Store.AttemptAsync(id)).Attempt.Status);
    }

    [ServerFact]
    public async Task Commit_Notes_AreAppendedAndTheLastWordIsKept()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        await Store.CommitAsync(
            Note(id, new AttemptStarted { At = Now, AgentId = new AgentId("builder-1") }),
            Note(id, new AttemptProgressed { At = Now, Message = "compiling", ProgressPercent = 10 }),
            Note(id, new AttemptProgressed { At = Now, Iteration = 2, ProgressPercent = 20 }),
            Note(id, new AttemptLogged { At = Now, Lines = ["one", "two"] }));
        var attempt = await Store.AttemptAsync(id);
        Assert.Equal(("compiling", 20, 2), (attempt.Message, attempt.ProgressPercent, attempt.Iteration));

        var events = await Store.ReadEventsAsync(id, 0, 100, CancellationToken.None);
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.started", "stage.progress", "stage.progress", "stage.log"], events.Select(happened => happened.Name));
        Assert.All(events.Skip(2), happened => Assert.Equal(("build", 1), (happened.Stage, happened.Attempt)));
        var logged = EventNames.Deserialize(events[^1].Name, events[^1].Data.Utf8.Span, events[^1].At, events[^1].Stage, events[^1].Attempt);
        Assert.Equal(["one", "two"], Assert.IsType<AttemptLogged>(logged).Lines);
    }

    [ServerFact]
    public async Task Commit_NoteOfAWorkflowThatIsNotThere_IsDropped()
    {
        var there = NextId();
        await Store.CommitAsync(Submit(there));
        var started = new AttemptStarted { At = Now };
        var outcome = await Store.CommitAsync(Note(NextId(), started), Note(there, started));
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.started"], await Store.EventNamesAsync(null));
        Assert.Equal((await Store.ReadEventsAsync(there, 0, 10, CancellationToken.None))[^1].Id, outcome.LastEventId);
    }

    [ServerFact]
    public async Task Commit_NotesBesideDecisions_ComeBeforeThemUnlessTheBatchMakesTheWorkflow()
    {
        var first = Submit(NextId());
        var started = new AttemptStarted { At = Now };
        await Store.CommitAsync(new CommitBatch { Workflows = [first], Notes = [Note(first.State.Id, started)] }, CancellationToken.None);
        var done = first.Then(new StageCompleted { At = Now, Stage = "build", Attempt = 1 });
        await Store.CommitAsync(new CommitBatch { Workflows = [done], Notes = [Note(first.State.Id, started)] }, CancellationToken.None);
        Assert.Equal(["workflow.submitted", "stage.queued", "stage.started", "stage.started", "stage.completed"], await Store.EventNamesAsync(first.State.Id));
    }

    [ServerFact]
    public async Task Commit_NotesAndLeasesBesideAConflict_AreWrittenAllTheSame()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var batch = new CommitBatch { Workflows = [first], Leases = [Lease(first.State.Id, "builder-1")], Notes = [Note(first.State.Id, new AttemptStarted { At = Now })] };
        var outcome = await Store.CommitAsync(batch, CancellationToken.None);
        Assert.Equal([first.State.Id], outcome.Conflicts);
        Assert.Equal(AttemptStatus.Running, (await Store.AttemptAsync(first.State.Id)).Attempt.Status);
        Assert.Equal("stage.started", (await Store.EventNamesAsync(first.State.Id))[^1]);
    }
}
