using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

public abstract partial class WorkflowStoreConformance
{
    private static readonly TimeSpan Horizon = TimeSpan.FromMinutes(10);

    [ServerFact]
    public async Task TakeParked_HighestPriorityFirst_OldestFirstWithinIt_EachOnce()
    {
        var tasks = new List<TaskId>();
        foreach (var (priority, second) in new[] { (Priority.Low, 0), (Priority.Medium, 2), (Priority.Critical, 3), (Priority.Medium, 1) })
        {
            tasks.Add(await ParkedAsync(begun => begun with { Priority = priority, CreatedAt = Now.AddSeconds(second) }));
        }

        Assert.Equal([tasks[2], tasks[3]], await TakeAsync("builder", 2));
        Assert.Empty(await TakeAsync("tester", 10));
        Assert.Equal([tasks[1], tasks[0]], await TakeAsync(null, 10));
        Assert.Empty(await TakeAsync(null, 10));
    }

    [ServerFact]
    public async Task TakeParked_WhatIsNotParked_IsLeftAlone()
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id));
        Assert.Empty(await TakeAsync(null, 10));
        Assert.Equal(1, await Store.ParkAsync(NodeRoll.Sole, [new TaskId(id, "build", 1)], CancellationToken.None));
        Assert.Equal(0, await Store.ParkAsync(NodeRoll.Sole, [new TaskId(id, "build", 1), new TaskId(NextId(), "build", 1)], CancellationToken.None));
        var taken = Assert.Single(await Store.TakeParkedAsync(NodeRoll.Sole, "builder", Now, Horizon, 10, CancellationToken.None));
        Assert.Equal(new ActiveAttempt(new TaskId(id, "build", 1), AttemptStatus.Pending, "builder", Priority.High, Now, null, null, null, null), taken);
    }

    [ServerFact]
    public async Task TakeParked_BeforeItsTime_IsGivenWithinTheHorizon()
    {
        var task = await ParkedAsync(begun => begun with { AvailableAt = Now.AddMinutes(11) });
        Assert.Empty(await TakeAsync(null, 10));
        var taken = Assert.Single(await Store.TakeParkedAsync(NodeRoll.Sole, null, Now.AddMinutes(1), Horizon, 10, CancellationToken.None));
        Assert.Equal((task, Now.AddMinutes(11)), (taken.TaskId, taken.AvailableAt));
    }

    [ServerFact]
    public async Task TakeParked_WhatABrokerHolds_IsGivenAfterItsDeadline()
    {
        var task = await ParkedAsync(begun => begun);
        await Store.CommitAsync(new CommitBatch { Leases = [new LeaseWrite { TaskId = task, Status = AttemptStatus.Dispatched, Deadline = Now.AddMinutes(5) }] }, CancellationToken.None);
        Assert.Empty(await TakeAsync(null, 10));
        Assert.Equal(task, Assert.Single(await Store.TakeParkedAsync(NodeRoll.Sole, null, Now.AddMinutes(5), Horizon, 10, CancellationToken.None)).TaskId);
    }

    [ServerFact]
    public async Task TakeParked_WhatRunsOrIsOver_IsNotGiven()
    {
        var running = await ParkedAsync(begun => begun);
        await Store.CommitAsync(new CommitBatch { Leases = [Lease(running.WorkflowId, "builder-1")] }, CancellationToken.None);
        Assert.Equal(0, await Store.ParkAsync(NodeRoll.Sole, [running], CancellationToken.None));
        var first = Submit(NextId());
        await Store.CommitAsync(first with { NewAttempts = [Begin("build", 1) with { Parked = true }] });
        await Store.CommitAsync(first.Then() with { EndedAttempts = [End("build", 1)] });
        Assert.Empty(await TakeAsync(null, 10));
    }

    [ServerFact]
    public async Task ListWaiting_NamesWhatCanBeOffered()
    {
        var ids = new[] { NextId(), NextId(), NextId() };
        foreach (var id in ids)
        {
            await Store.CommitAsync(Submit(id));
        }

        var (waiting, parked, running) = (new TaskId(ids[0], "build", 1), new TaskId(ids[1], "build", 1), new TaskId(ids[2], "build", 1));
        await Store.CommitAsync(new CommitBatch { Leases = [Lease(running.WorkflowId, "builder-1")] }, CancellationToken.None);
        await Store.ParkAsync(NodeRoll.Sole, [parked], CancellationToken.None);
        Assert.Equal([waiting], await Store.ListWaitingAsync(NodeRoll.Sole, [parked, running, waiting, waiting with { Attempt = 2 }, waiting with { Stage = "it's" }], CancellationToken.None));
        Assert.Empty(await Store.ListWaitingAsync(NodeRoll.Sole, [], CancellationToken.None));
    }

    [ServerFact]
    public async Task ParkAbandoned_NobodyIsThere_ParksAllThatWait_InPages()
    {
        var tasks = new List<TaskId>();
        for (var i = 0; i < 5; i++)
        {
            var id = NextId();
            await Store.CommitAsync(Submit(id));
            tasks.Add(new TaskId(id, "build", 1));
        }

        await Store.CommitAsync(new CommitBatch { Leases = [Lease(tasks[0].WorkflowId, "builder-1")] }, CancellationToken.None);
        Assert.Equal(3, await Store.ParkAbandonedAsync(NodeRoll.Empty, 3, CancellationToken.None));
        Assert.Equal(1, await Store.ParkAbandonedAsync(NodeRoll.Empty, 3, CancellationToken.None));
        Assert.Equal(0, await Store.ParkAbandonedAsync(NodeRoll.Empty, 3, CancellationToken.None));
        Assert.Equal(tasks.Skip(1).ToHashSet(), (await TakeAsync(null, 10)).ToHashSet());
    }

    [ServerFact]
    public async Task ParkAbandoned_OfThoseWhoAreThere_ParksNothing()
    {
        await Store.CommitAsync(Submit(NextId()));
        Assert.Equal(0, await Store.ParkAbandonedAsync(new NodeRoll([NodeRoll.Sole], NodeRoll.Sole), 10, CancellationToken.None));
    }

    [ServerFact]
    public async Task Commit_Claims_GivesThoseThatWait()
    {
        var first = Submit(NextId());
        var id = first.State.Id;
        await Store.CommitAsync(first with { NewAttempts = [Begin("build", 1) with { Parked = true }, Begin("test", 1)] });
        await Store.CommitAsync(new CommitBatch { Leases = [Lease(id, "tester-1", stage: "test")] }, CancellationToken.None);
        var claims = new[] { new TaskId(id, "build", 1), new TaskId(id, "test", 1), new TaskId(id, "build", 7) };
        var claimed = await Store.CommitAsync(first.Then() with { Claims = claims });
        Assert.Equal([claims[0]], claimed.Claimed);
        Assert.Empty(await TakeAsync(null, 10));

        await Store.ParkAsync(NodeRoll.Sole, [claims[0]], CancellationToken.None);
        var outdated = await Store.CommitAsync(first.Then() with { Claims = claims });
        Assert.Equal([id], outdated.Conflicts);
        Assert.Empty(outdated.Claimed);
        Assert.Equal([claims[0]], await TakeAsync(null, 10));
    }

    [ServerFact]
    public async Task ReadVersions_AreThoseInTheStore_UnknownOnesAreAbsent()
    {
        var first = Submit(NextId());
        var other = Submit(NextId());
        await Store.CommitAsync(first);
        await Store.CommitAsync(other);
        await Store.CommitAsync(first.Then(new WorkflowPaused { At = Now }));
        var versions = await Store.ReadVersionsAsync([first.State.Id, NextId(), other.State.Id], CancellationToken.None);
        Assert.Equal(new Dictionary<WorkflowId, long> { [first.State.Id] = 2, [other.State.Id] = 1 }, versions);
        Assert.Empty(await Store.ReadVersionsAsync([], CancellationToken.None));
    }

    [ServerFact]
    public async Task ReadLastEventId_IsThatOfTheLastEvent()
    {
        Assert.Equal(0, await Store.ReadLastEventIdAsync(CancellationToken.None));
        var outcome = await Store.CommitAsync(Submit(NextId()));
        Assert.Equal(outcome.LastEventId, await Store.ReadLastEventIdAsync(CancellationToken.None));
    }

    private async Task<TaskId> ParkedAsync(Func<AttemptInsert, AttemptInsert> change)
    {
        var id = NextId();
        await Store.CommitAsync(Submit(id) with { NewAttempts = [change(Begin("build", 1)) with { Parked = true }] });
        return new TaskId(id, "build", 1);
    }

    private async Task<IReadOnlyList<TaskId>> TakeAsync(string? agentType, int limit) =>
        [.. (await Store.TakeParkedAsync(NodeRoll.Sole, agentType, Now, Horizon, limit, CancellationToken.None)).Select(attempt => attempt.TaskId)];
}
