using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

public abstract partial class WorkflowStoreConformance
{
    private static readonly string StepHash = new('0', 64);

    [ServerFact]
    public async Task ReadEvents_OfAll_GivesThemInTheOrderOfCommits()
    {
        var (first, second) = (Submit(NextId()), Submit(NextId()));
        var outcome = await Store.CommitAsync(second, first);
        await Store.CommitAsync(first.Then(new WorkflowPaused { At = Now.AddSeconds(1), By = "ada", Reason = "lunch" }));
        var events = await Store.ReadEventsAsync(null, 0, 100, CancellationToken.None);
        Assert.Equal([second.State.Id, second.State.Id, first.State.Id, first.State.Id, first.State.Id], events.Select(happened => happened.WorkflowId));
        Assert.Equal(events.Select(happened => happened.Id).Order(), events.Select(happened => happened.Id));
        Assert.Equal(5, events.Select(happened => happened.Id).Distinct().Count());
        Assert.Equal(events[3].Id, outcome.LastEventId);

        var paused = events[^1];
        Assert.Equal(("workflow.paused", null, null, Now.AddSeconds(1)), (paused.Name, paused.Stage, paused.Attempt, paused.At));
        var again = EventNames.Deserialize(paused.Name, paused.Data.Utf8.Span, paused.At, paused.Stage, paused.Attempt);
        Assert.Equal(new WorkflowPaused { At = Now.AddSeconds(1), By = "ada", Reason = "lunch" }, again);
    }

    [ServerFact]
    public async Task ReadEvents_AfterAnIdWithALimit_GivesWhatFollows()
    {
        var write = Submit(NextId());
        var other = Submit(NextId());
        await Store.CommitAsync(write, other);
        for (var i = 0; i < 8; i++)
        {
            write = write.Then(new WorkflowResumed { At = Now, By = $"{i}" });
            await Store.CommitAsync(write);
        }

        foreach (var (workflow, count) in ((WorkflowId?, int)[])[(null, 12), (write.State.Id, 10)])
        {
            var all = await Store.ReadEventsAsync(workflow, 0, 10_000, CancellationToken.None);
            Assert.Equal(count, all.Count);
            var walked = new List<StoredEvent>();
            for (var page = await Store.ReadEventsAsync(workflow, 0, 3, CancellationToken.None); page.Count > 0; page = await Store.ReadEventsAsync(workflow, walked[^1].Id, 3, CancellationToken.None))
            {
                walked.AddRange(page);
            }

            Same(all, walked);
        }

        Assert.Empty(await Store.ReadEventsAsync(NextId(), 0, 10, CancellationToken.None));
    }

    /// <summary>Whoever follows the log by the highest id seen misses nothing, also while many write.</summary>
    [ServerFact]
    public async Task ReadEvents_FollowedWhileManyWrite_ShowsEveryEventOnceInOrder()
    {
        const int Writers = 8, Each = 25;
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < Each; i++)
            {
                await Store.CommitAsync(Submit(NextId()));
            }
        })));

        var seen = new List<StoredEvent>();
        var deadline = TimeProvider.System.GetUtcNow().AddSeconds(60);
        while (seen.Count < Writers * Each * 2)
        {
            Assert.True(TimeProvider.System.GetUtcNow() < deadline, $"Only {seen.Count} events were seen.");
            seen.AddRange(await Store.ReadEventsAsync(null, seen.Count == 0 ? 0 : seen[^1].Id, 7, CancellationToken.None));
        }

        await writing;
        Same(await Store.ReadEventsAsync(null, 0, 10_000, CancellationToken.None), seen);
    }

    [ServerFact]
    public async Task LoadOutputs_CompletedStages_GivesThemByStage()
    {
        var first = Submit(NextId()) with { NewAttempts = [Begin("build", 1), Begin("test", 1), Begin("quiet", 1), Begin("broken", 1)] };
        await Store.CommitAsync(first);
        var large = Payload(200_000);
        await Store.CommitAsync(first.Then() with
        {
            EndedAttempts =
            [
                End("build", 1, output: Payload(100)), End("test", 1, output: large), End("quiet", 1), End("broken", 1, AttemptStatus.Failed, Payload(50)),
            ],
        });
        var outputs = await Store.LoadOutputsAsync(first.State.Id, CancellationToken.None);
        Assert.Equal(["build", "test"], outputs.Keys.Order());
        Assert.Equal(Payload(100), outputs["build"]);
        Assert.Equal(large, outputs["test"]);
        Assert.Equal(large, (await Store.AttemptAsync(first.State.Id, "test")).Output);
        Assert.Equal(Payload(50), (await Store.AttemptAsync(first.State.Id, "broken")).Output);
        Assert.Empty(await Store.LoadOutputsAsync(NextId(), CancellationToken.None));
    }

    [ServerFact]
    public async Task LoadOutputs_StageRunsAgain_GivesTheLaterSuccessOnceThereIsOne()
    {
        var first = Submit(NextId()) with { EndedAttempts = [End("build", 1, output: Payload(10))] };
        await Store.CommitAsync(first);
        var retried = first.Then(new WorkflowRetried { At = Now, Stages = ["build"] }) with { NewAttempts = [Begin("build", 2)] };
        await Store.CommitAsync(retried);
        Assert.Empty(await Store.LoadOutputsAsync(first.State.Id, CancellationToken.None));
        Assert.Equal(AttemptStatus.Completed, (await Store.AttemptAsync(first.State.Id)).Attempt.Status);
        await Store.CommitAsync(retried.Then() with { EndedAttempts = [End("build", 2, output: Payload(20))] });
        Assert.Equal(Payload(20), Assert.Single(await Store.LoadOutputsAsync(first.State.Id, CancellationToken.None)).Value);
    }

    [ServerFact]
    public async Task LoadOutputs_StageCompletedAndRetriedInOneWrite_DoesNotCount()
    {
        var first = Submit(NextId());
        await Store.CommitAsync(first);
        var both = first.Then(new StageCompleted { At = Now, Stage = "build", Attempt = 1 }, new WorkflowRetried { At = Now, Stages = ["build"] }) with
        {
            EndedAttempts = [End("build", 1, output: Payload(10))],
            NewAttempts = [Begin("build", 2)],
        };
        await Store.CommitAsync(both);
        Assert.Empty(await Store.LoadOutputsAsync(first.State.Id, CancellationToken.None));
        await Store.CommitAsync(both.Then() with { EndedAttempts = [End("build", 2, output: Payload(20))] });
        Assert.Equal(Payload(20), Assert.Single(await Store.LoadOutputsAsync(first.State.Id, CancellationToken.None)).Value);
    }

    [ServerFact]
    public async Task RecordStep_FirstTime_IsFoundByNameAndInput()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        var key = new StepKey(id, "build", "ask the model", StepHash);
        Assert.Null(await Store.FindStepAsync(key, CancellationToken.None));
        Assert.Equal(Payload(1000), await Store.RecordStepAsync(key, 1, Payload(1000), Now, CancellationToken.None));
        Assert.Equal(Payload(1000), await Store.FindStepAsync(key, CancellationToken.None));
        Assert.Null(await Store.FindStepAsync(key with { InputHash = new string('1', 64) }, CancellationToken.None));
        Assert.Null(await Store.FindStepAsync(key with { Name = "other" }, CancellationToken.None));
        Assert.Null(await Store.FindStepAsync(key with { Stage = "test" }, CancellationToken.None));
    }

    [ServerFact]
    public async Task RecordStep_ManyAtOnce_TheFirstWriterWinsForAll()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        var key = new StepKey(id, "build", "race", StepHash);
        var answers = await Task.WhenAll(Enumerable.Range(1, 16).Select(i => Task.Run(() => Store.RecordStepAsync(key, i, JsonPayload.Parse($"{i}"), Now, CancellationToken.None))));
        Assert.Equal(await Store.FindStepAsync(key, CancellationToken.None), Assert.Single(answers.Distinct()));
    }

    [ServerFact]
    public async Task RecordStep_WorkflowIsNotThere_IsRefused() => await Assert.ThrowsAsync<StoreInvariantException>(
        () => Store.RecordStepAsync(new StepKey(NextId(), "build", "lost", StepHash), 1, Payload(10), Now, CancellationToken.None));

    [ServerFact]
    public async Task Prune_DryRun_NamesAndRemovesNothing()
    {
        var old = Submit(NextId()).Ended(WorkflowStatus.Completed, Now.AddDays(-2));
        await Store.CommitAsync(old);
        Assert.Equal([old.State.Id], await Store.PruneAsync(Now, 10, dryRun: true, CancellationToken.None));
        await Store.LoadOneAsync(old.State.Id);
        Assert.Equal(3, (await Store.EventNamesAsync(old.State.Id)).Count);
    }

    [ServerFact]
    public async Task Prune_Ended_RemovesThemWithAllThatBelongsToThem()
    {
        var kept = Submit(NextId(), key: "kept") with { EndedAttempts = [End("build", 1, output: Payload(100_000))] };
        var gone = Submit(NextId(), key: "gone") with { EndedAttempts = [End("build", 1, output: Payload(100_000))] };
        await Store.CommitAsync(kept, gone.Ended(WorkflowStatus.Failed, Now.AddDays(-2)));
        var key = new StepKey(gone.State.Id, "build", "step", StepHash);
        await Store.RecordStepAsync(key, 1, Payload(10), Now, CancellationToken.None);

        Assert.Equal([gone.State.Id], await Store.PruneAsync(Now, 10, dryRun: false, CancellationToken.None));
        Assert.Empty(await Store.LoadAsync([gone.State.Id], CancellationToken.None));
        Assert.Empty(await Store.EventNamesAsync(gone.State.Id));
        Assert.Null(await Store.FindAttemptAsync(new TaskId(gone.State.Id, "build", 1), CancellationToken.None));
        Assert.Null(await Store.FindStepAsync(key, CancellationToken.None));
        Assert.Null(await Store.FindIdempotencyKeyAsync("gone", CancellationToken.None));
        Assert.Equal(new Dictionary<WorkflowStatus, long> { [WorkflowStatus.Running] = 1 }, (await Store.CountAsync(CancellationToken.None)).Workflows);
        Assert.Empty(await Store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Failed }, CancellationToken.None));

        // The other workflow's output had the same content.
        Assert.Equal(Payload(100_000), Assert.Single(await Store.LoadOutputsAsync(kept.State.Id, CancellationToken.None)).Value);
        Assert.Empty((await Store.CommitAsync(Submit(NextId(), key: "gone"))).IdempotencyConflicts);
    }

    [ServerFact]
    public async Task Prune_NotEndedOrNotYetOldEnough_Stays()
    {
        var running = Submit(NextId());
        var young = Submit(NextId()).Ended(WorkflowStatus.Completed, Now);
        await Store.CommitAsync(running, young);
        Assert.Empty(await Store.PruneAsync(Now, 10, dryRun: false, CancellationToken.None));
        Assert.Equal(2, (await Store.LoadAsync([running.State.Id, young.State.Id], CancellationToken.None)).Count);
    }

    [ServerFact]
    public async Task Prune_MoreThanTheLimit_RemovesTheOldestFirst()
    {
        var writes = Enumerable.Range(0, 250).Select(i => Submit(NextId()).Ended(WorkflowStatus.Completed, Now.AddMinutes(-i))).ToArray();
        await Store.CommitAsync(writes);
        var oldestFirst = writes.Reverse().Select(write => write.State.Id).ToList();
        Assert.Equal(oldestFirst.Take(230), await Store.PruneAsync(Now.AddDays(1), 230, dryRun: true, CancellationToken.None));
        Assert.Equal(oldestFirst.Take(230), await Store.PruneAsync(Now.AddDays(1), 230, dryRun: false, CancellationToken.None));
        Assert.Equal(20, (await Store.ListAsync(new WorkflowQuery { Limit = 1000 }, CancellationToken.None)).Count);
        Assert.Equal(oldestFirst.Skip(230), await Store.PruneAsync(Now.AddDays(1), 1000, dryRun: false, CancellationToken.None));
        Assert.Empty(await Store.PruneAsync(Now.AddDays(1), 1000, dryRun: false, CancellationToken.None));
    }

    [ServerFact]
    public async Task Prune_TheEndOfTheLog_IdsNeverComeAgain()
    {
        var first = Submit(NextId()).Ended(WorkflowStatus.Completed, Now.AddDays(-1));
        var last = (await Store.CommitAsync(first)).LastEventId;
        await Store.PruneAsync(Now, 10, dryRun: false, CancellationToken.None);
        Assert.Empty(await Store.ReadEventsAsync(null, 0, 10, CancellationToken.None));
        await Store.CommitAsync(Submit(NextId()));
        Assert.All(await Store.ReadEventsAsync(null, 0, 10, CancellationToken.None), happened => Assert.True(happened.Id > last));
    }
}
