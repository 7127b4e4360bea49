using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

public abstract partial class WorkflowStoreConformance
{
    /// <summary>Batches that no store may take, by what is wrong with them.</summary>
    public static TheoryData<string> Contradictions => new(Contradicting.Keys);

    private static readonly Dictionary<string, Func<WorkflowWrite, CommitBatch>> Contradicting = new()
    {
        ["a version that does not follow"] = there => One(there.Then() with { ExpectedVersion = 7 }),
        ["a new workflow without header"] = _ => One(Submit(NextId()) with { Header = null }),
        ["a header for one that is there"] = there => One(there.Then() with { Header = there.Header }),
        ["somebody else's header"] = there => One(Submit(NextId()) with { Header = there.Header }),
        ["a key for somebody else"] = there => One(Submit(NextId()) with { Idempotency = new IdempotencyRecord("k", "h", there.State.Id) }),
        ["a workflow twice"] = there => new CommitBatch { Workflows = [there.Then(), there.Then()] },
        ["an end that is none"] = there => One(there.Then() with { EndedAttempts = [End("build", 1, AttemptStatus.Running)] }),
        ["an attempt that is there"] = there => One(there.Then() with { NewAttempts = [Begin("build", 1)] }),
        ["attempt number zero"] = there => One(there.Then() with { NewAttempts = [Begin("test", 0)] }),
        ["two successes of a stage"] = there => One(there.Then() with { NewAttempts = [Begin("build", 2)], EndedAttempts = [End("build", 1), End("build", 2)] }),
        ["a settlement that is none"] = there => One(there.Then() with { SettledAttempts = [new AttemptSettlement("build", 1, AttemptStatus.Lost, null)] }),
        ["an end without a time"] = there => One(there.Then() with { State = there.Then().State with { End = WorkflowStatus.Failed } }),
        ["a time without an end"] = there => One(there.Then() with { State = there.Then().State with { EndedAt = Now } }),
        ["a running lease of nobody"] = there => new CommitBatch { Leases = [Lease(there.State.Id, "x") with { AgentId = null }] },
        ["a running lease without expiry"] = there => new CommitBatch { Leases = [Lease(there.State.Id, "x") with { LeaseExpiresAt = null }] },
        ["a lease that is none"] = there => new CommitBatch { Leases = [Dispatched(there.State.Id) with { Status = AttemptStatus.Lost }] },
        ["a note that decides"] = there => new CommitBatch { Notes = [Note(there.State.Id, new StageCompleted { At = Now })] },
    };

    [ServerTheory]
    [MemberData(nameof(Contradictions))]
    public async Task Commit_BatchThatContradictsTheStore_IsRefusedWholeAndLeavesNoTrace(string contradiction)
    {
        var there = Submit(NextId());
        await Store.CommitAsync(there);
        var innocent = Submit(NextId(), key: "innocent");
        var batch = Contradicting[contradiction](there);
        await Assert.ThrowsAsync<StoreInvariantException>(
            () => Store.CommitAsync(batch with { Workflows = [innocent, .. batch.Workflows] }, CancellationToken.None));

        Assert.Empty(await Store.LoadAsync([innocent.State.Id], CancellationToken.None));
        Assert.Equal(1, (await Store.LoadOneAsync(there.State.Id)).State.Version);
        Assert.Equal(["workflow.submitted", "stage.queued"], await Store.EventNamesAsync(null));
        Assert.Single(await Store.ListActiveAttemptsAsync(null, 10, CancellationToken.None));
        Assert.Empty((await Store.CommitAsync(innocent)).IdempotencyConflicts);
    }

    [ServerFact]
    public async Task Commit_OneBadBatchAmongManyAtOnce_OnlyThatOneIsRefused()
    {
        var there = Submit(NextId());
        await Store.CommitAsync(there);
        var good = Enumerable.Range(0, 40).Select(_ => Submit(NextId())).ToList();
        var commits = good.Select(write => Task.Run(() => Store.CommitAsync(write))).ToList();
        var bad = Task.Run(() => Store.CommitAsync(there.Then() with { NewAttempts = [Begin("build", 1)] }));
        await Task.WhenAll(commits);
        await Assert.ThrowsAsync<StoreInvariantException>(() => bad);
        Assert.Equal(40, (await Store.LoadAsync([.. good.Select(write => write.State.Id)], CancellationToken.None)).Count);
    }

    private static CommitBatch One(WorkflowWrite write) => new() { Workflows = [write] };
}
