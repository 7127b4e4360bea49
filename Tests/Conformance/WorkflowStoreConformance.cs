using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

/// <summary>
/// What <see cref="IWorkflowStore"/> promises, for every adapter: a subclass opens its store on a database of the test's own, and runs all of this.
/// </summary>
public abstract partial class WorkflowStoreConformance : IAsyncLifetime
{
    private IWorkflowStore? _store;

    protected IWorkflowStore Store => _store ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Opens a store on this test's own database, which is empty the first time. Not migrated.</summary>
    protected abstract Task<IWorkflowStore> OpenAsync();

    public virtual async Task InitializeAsync()
    {
        _store = await OpenAsync();
        await _store.MigrateAsync(CancellationToken.None);
    }

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Migrate_UpToDate_IsASuccessAndKeepsWhatIsThere()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        await Store.MigrateAsync(CancellationToken.None);
        await Store.LoadOneAsync(id);
    }

    [ServerFact]
    public async Task Commit_NewWorkflow_IsLoadedAsItWasWritten()
    {
        var write = Rich(Submit(NextId()));
        var outcome = await Store.CommitAsync(write);
        Assert.Empty(outcome.Conflicts);
        Same(new StoredWorkflow(write.Header!, write.State, write.DisplayState, write.CurrentStage, write.Progress), await Store.LoadOneAsync(write.State.Id));
    }

    [ServerFact]
    public async Task Commit_NextVersion_KeepsTheHeaderAndReplacesTheState()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var second = Rich(first.Then(new WorkflowPaused { At = Now })) with { DisplayState = "TESTING", CurrentStage = null, Progress = 50 };
        await Store.CommitAsync(second);
        Same(new StoredWorkflow(first.Header!, second.State, "TESTING", null, 50), await Store.LoadOneAsync(first.State.Id));
    }

    [ServerFact]
    public async Task Load_UnknownIds_AreAbsent()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        var found = await Store.LoadAsync([NextId(), id, NextId()], CancellationToken.None);
        Assert.Equal([id], found.Select(workflow => workflow.Header.Id));
    }

    [ServerFact]
    public async Task Commit_WorkflowIsThereAlready_IsAConflictAndChangesNothing()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var outcome = await Store.CommitAsync(first with { DisplayState = "OTHER" });
        Assert.Equal([first.State.Id], outcome.Conflicts);
        Assert.Equal(0, outcome.LastEventId);
        Assert.Equal("BUILDING", (await Store.LoadOneAsync(first.State.Id)).DisplayState);
    }

    [ServerFact]
    public async Task Commit_WorkflowIsNotThere_IsAConflict()
    {
        var id = NextId();
        var outcome = await Store.CommitAsync(Submit(id).Then());
        Assert.Equal([id], outcome.Conflicts);
        Assert.Empty(await Store.LoadAsync([id], CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_OtherVersionIsStored_LeavesOutTheWorkflowWithAllThatBelongsToIt()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        await Store.CommitAsync(first.Then());
        var late = first.Then(new StageCompleted { At = Now, Stage = "build", Attempt = 1 }) with
        {
            EndedAttempts = [End("build", 1)],
            NewAttempts = [Begin("test", 1)],
        };
        var outcome = await Store.CommitAsync(late);
        Assert.Equal([first.State.Id], outcome.Conflicts);
        Assert.Equal(AttemptStatus.Pending, (await Store.AttemptAsync(first.State.Id)).Attempt.Status);
        Assert.Null(await Store.FindAttemptAsync(new TaskId(first.State.Id, "test", 1), CancellationToken.None));
        Assert.Equal(["workflow.submitted", "stage.queued"], await Store.EventNamesAsync(first.State.Id));
    }

    [ServerFact]
    public async Task Commit_OneConflictInABatch_WritesTheOthers()
    {
        var there = Submit(NextId());
        await Store.CommitAsync(there);
        var (before, after) = (Submit(NextId()), Submit(NextId()));
        var outcome = await Store.CommitAsync(before, there, after);
        Assert.Equal([there.State.Id], outcome.Conflicts);
        Assert.Equal(2, (await Store.LoadAsync([before.State.Id, after.State.Id], CancellationToken.None)).Count);
    }

    [ServerFact]
    public async Task Commit_ManyWritersOfOneVersion_ExactlyOneWins()
    {
        var write = Submit(NextId());
        await Store.CommitAsync(write);
        for (var round = 0; round < 10; round++)
        {
            var next = write.Then(new WorkflowResumed { At = Now });
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() => Store.CommitAsync(next with { DisplayState = $"WRITER {i}" }))));
            var winner = Assert.Single(Enumerable.Range(0, 16), i => outcomes[i].Conflicts.Count == 0);
            Assert.Equal($"WRITER {winner}", (await Store.LoadOneAsync(write.State.Id)).DisplayState);
            write = next;
        }

        Assert.Equal(12, (await Store.EventNamesAsync(write.State.Id)).Count);
    }

    [ServerFact]
    public async Task Commit_NothingToWrite_IsASuccessWithoutEvents()
    {
        var outcome = await Store.CommitAsync(new CommitBatch(), CancellationToken.None);
        Assert.Empty(outcome.Conflicts);
        Assert.Empty(outcome.IdempotencyConflicts);
        Assert.Equal(0, outcome.LastEventId);
    }

    [ServerFact]
    public async Task Commit_CanceledBefore_WritesNothing()
    {
        var id = NextId();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.CommitAsync(new CommitBatch { Workflows = [Submit(id)] }, new CancellationToken(canceled: true)));
        Assert.Empty(await Store.LoadAsync([id], CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_KeyWasUsed_LeavesOutTheSubmission()
    {
        var first = Submit(NextId(), key: "once");
        await Store.CommitAsync(first);
        var second = Submit(NextId(), key: "once");
        var third = Submit(NextId(), key: "another");
        var outcome = await Store.CommitAsync(second, third);
        Assert.Equal([second.State.Id], outcome.IdempotencyConflicts);
        Assert.Empty(outcome.Conflicts);
        Assert.Equal([third.State.Id], (await Store.LoadAsync([second.State.Id, third.State.Id], CancellationToken.None)).Select(workflow => workflow.Header.Id));
        Assert.Empty(await Store.EventNamesAsync(second.State.Id));
        Assert.Empty(await Store.ListAttemptsAsync(new AttemptQuery { WorkflowId = second.State.Id }, CancellationToken.None));
        Assert.Equal(first.Idempotency, await Store.FindIdempotencyKeyAsync("once", CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_OneKeyTwiceInABatch_TheFirstWins()
    {
        var (first, second) = (Submit(NextId(), key: "twice"), Submit(NextId(), key: "twice"));
        var outcome = await Store.CommitAsync(first, second);
        Assert.Equal([second.State.Id], outcome.IdempotencyConflicts);
        Assert.Equal(first.Idempotency, await Store.FindIdempotencyKeyAsync("twice", CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_SameSubmissionAgain_IsAVersionConflictOnly()
    {
        var write = Submit(NextId(), key: "again");
        await Store.CommitAsync(write);
        var outcome = await Store.CommitAsync(write);
        Assert.Equal([write.State.Id], outcome.Conflicts);
        Assert.Empty(outcome.IdempotencyConflicts);
    }

    [ServerFact]
    public async Task FindIdempotencyKey_NotUsed_IsNull() => Assert.Null(await Store.FindIdempotencyKeyAsync("never", CancellationToken.None));

    /// <summary>Gives a write every field that a state can have, those with default values included.</summary>
    private static WorkflowWrite Rich(WorkflowWrite write)
    {
        var error = new StructuredError
        {
            Code = "tests_failed",
            Message = "3 of 7 tests failed: äöü 漢字 'quoted'",
            Severity = ErrorSeverity.Info,
            Category = ErrorCategory.Execution,
            Class = FailureClass.Unproductive,
            Retryable = true,
            RetryAfterMs = 0,
            SuggestedAction = "fix them",
            Details = new string('d', 5000),
        };
        var stage = new StageState
        {
            Name = "build",
            Status = StageStatus.AwaitingApproval,
            Attempt = 3,
            CountedAttempt = 2,
            Failures = 1,
            Interruptions = 2,
            Losses = 3,
            AvailableAt = Now.AddSeconds(5),
            Error = error,
            ApprovalPrompt = "Go on?",
            ApprovalExpiresAt = Now.AddHours(1),
            Decision = new ApprovalDecision { Approved = false, DecidedBy = "ada", DecidedAt = Now, Comment = "" },
            BaseCommit = "b",
            Commit = "c",
            QueuedAt = Now,
            EndedAt = Now,
        };
        return write with
        {
            Header = write.Header is { } header
                ? header with { Description = "with everything", Requirements = new string('r', 100_000), Input = JsonPayload.Parse("""{"b":1,"a":[null,"ü"]}"""), CreatedBy = "ada", Traceparent = "00-1-2-01" }
                : null,
            State = write.State with { Paused = true, Reason = "wait", Error = error, HeadCommit = "h", DeadlineAt = Now.AddDays(1), Stages = [stage, new StageState { Name = "test" }] },
        };
    }
}
