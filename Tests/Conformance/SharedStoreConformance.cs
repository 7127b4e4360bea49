using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Conformance;

/// <summary>What a store promises beyond <see cref="WorkflowStoreConformance"/> when several orchestrators can open it.</summary>
public abstract class SharedStoreConformance : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Never = TimeSpan.FromHours(1);
    private IWorkflowStore? _store;
    private INodeDirectory? _nodes;

    private IWorkflowStore Store => _store ?? throw new InvalidOperationException("The test has not begun.");

    private INodeDirectory Nodes => _nodes ?? throw new InvalidOperationException("The test has not begun.");

    /// <summary>Opens a store and its directory on this test's own database.</summary>
    protected abstract Task<(IWorkflowStore Store, INodeDirectory Nodes)> OpenAsync();

    /// <summary>Opens the directory as another process does.</summary>
    protected abstract INodeDirectory OpenNodes();

    public virtual async Task InitializeAsync()
    {
        (_store, _nodes) = await OpenAsync();
        await _store.MigrateAsync(None);
    }

    public abstract Task DisposeAsync();

    [ServerFact]
    public async Task Park_WhatIsAnothers_IsLeftOut()
    {
        var mine = await SubmitAsync(node: 7);
        var others = await SubmitAsync(node: 8);
        Assert.Equal(1, await Store.ParkAsync(7, [mine, others], None));
        Assert.Equal(mine, Assert.Single(await TakeAsync(9)).TaskId);
        Assert.Equal(0, await Store.ParkAsync(7, [mine], None));
        Assert.Equal(1, await Store.ParkAsync(9, [mine], None));
    }

    [ServerFact]
    public async Task ListWaiting_WhatIsAnothers_IsLeftOut()
    {
        var (mine, others) = (await SubmitAsync(node: 7), await SubmitAsync(node: 8));
        Assert.Equal([mine], await Store.ListWaitingAsync(7, [mine, others], None));
        await Store.ParkAsync(7, [mine], None);
        Assert.Empty(await Store.ListWaitingAsync(7, [mine, others], None));
        await TakeAsync(8);
        Assert.Equal(2, (await Store.ListWaitingAsync(8, [mine, others], None)).Count);
    }

    [ServerFact]
    public async Task ListOffered_GivesWhatHasWaitedThereForSomeTime()
    {
        var (mine, others, parked, running) = (await SubmitAsync(node: 7), await SubmitAsync(node: 8), await SubmitAsync(node: 7), await SubmitAsync(node: 7));
        await Store.ParkAsync(7, [parked], None);
        await Store.CommitAsync(Lease(running.WorkflowId, "noop-1"));
        Assert.Equal([mine], await Store.ListOfferedAsync(7, Now.AddSeconds(1), 10, None));
        Assert.Equal([others], await Store.ListOfferedAsync(8, Now.AddSeconds(1), 10, None));
        Assert.Empty(await Store.ListOfferedAsync(7, Now, 10, None));
        Assert.Empty(await Store.ListOfferedAsync(7, Now.AddSeconds(1), 0, None));
    }

    [ServerFact]
    public async Task ParkAbandoned_LeavesTheLivingAndTheLaterAlone()
    {
        var (dead, living, later) = (await SubmitAsync(1), await SubmitAsync(2), await SubmitAsync(4));
        Assert.Equal(1, await Store.ParkAbandonedAsync(new NodeRoll([2], 3), 10, None));
        Assert.Equal(dead, Assert.Single(await TakeAsync(2)).TaskId);
        Assert.Equal(1, await Store.ParkAbandonedAsync(new NodeRoll([2], 4), 10, None));
        Assert.Equal(later, Assert.Single(await TakeAsync(2)).TaskId);
        Assert.Equal(3, await Store.ParkAsync(2, [dead, living, later], None));
    }

    [ServerFact]
    public async Task TakeParked_ManyAtOnce_NeverGiveTheSameTwice()
    {
        const int Attempts = 60;
        var parked = new HashSet<TaskId>();
        for (var i = 0; i < Attempts; i++)
        {
            parked.Add(await SubmitAsync(1));
        }

        await Store.ParkAbandonedAsync(NodeRoll.Empty, 1000, None);
        var taken = new List<TaskId>();
        while (taken.Count < Attempts)
        {
            var pages = await Task.WhenAll(Enumerable.Range(2, 6).Select(node => Store.TakeParkedAsync(node, "builder", Now, Never, 7, None)));
            Assert.Contains(pages, page => page.Count > 0);
            taken.AddRange(pages.SelectMany(page => page).Select(attempt => attempt.TaskId));
        }

        Assert.Equal(Attempts, taken.Count);
        Assert.Equal(parked, taken.ToHashSet());
    }

    [ServerFact]
    public async Task Commit_Claims_TakesFromAnother()
    {
        var first = Submit(NextId());
        var task = new TaskId(first.State.Id, "build", 1);
        await Store.CommitAsync(new CommitBatch { Node = 1, Workflows = [first] }, None);
        var outcome = await Store.CommitAsync(new CommitBatch { Node = 2, Workflows = [first.Then() with { Claims = [task] }] }, None);
        Assert.Equal([task], outcome.Claimed);
        Assert.Equal(0, await Store.ParkAsync(1, [task], None));
        Assert.Equal(1, await Store.ParkAsync(2, [task], None));
    }

    [ServerFact]
    public async Task Join_GivesRisingNumbers_AndBuriesThePredecessor()
    {
        var first = await Nodes.JoinAsync("a", None);
        var other = await Nodes.JoinAsync("b", None);
        var again = await Nodes.JoinAsync("a", None);
        Assert.True(first < other && other < again);
        Assert.Null(await Nodes.BeatAsync(first, [], Never, None));
        var beat = (await Nodes.BeatAsync(other, [], Never, None))!;
        Assert.Equal(again, Assert.Single(beat.Peers).Node);
        Assert.Equal([other, again], beat.Roll.Living.Order());
        Assert.Equal(again, beat.Roll.Highest);
    }

    [ServerFact]
    public async Task Beat_TellsOthersWhatAgentsWaitFor()
    {
        var (one, other) = (await Nodes.JoinAsync("a", None), await Nodes.JoinAsync("b", None));
        await Nodes.BeatAsync(one, ["builder", "tester"], Never, None);
        Assert.Equal(["builder", "tester"], Assert.Single((await Nodes.BeatAsync(other, [], Never, None))!.Peers).Hungry);
        await Nodes.BeatAsync(one, [], Never, None);
        Assert.Empty(Assert.Single((await Nodes.BeatAsync(other, [], Never, None))!.Peers).Hungry);
    }

    [ServerFact]
    public async Task Leader_IsOne_AndAnotherWhenItLeaves()
    {
        var nodes = new List<(INodeDirectory Directory, int Node)>();
        foreach (var name in (string[])["a", "b", "c"])
        {
            var directory = OpenNodes();
            nodes.Add((directory, await directory.JoinAsync(name, None)));
        }

        for (var left = nodes.Count; left > 0; left--)
        {
            var leaders = new List<(INodeDirectory Directory, int Node)>();
            foreach (var (directory, node) in nodes)
            {
                if ((await directory.BeatAsync(node, [], Never, None))!.Leads)
                {
                    leaders.Add((directory, node));
                }
            }

            var leader = Assert.Single(leaders);
            await leader.Directory.LeaveAsync(leader.Node, None);
            nodes.Remove(leader);
        }
    }

    [ServerFact]
    public async Task Leader_FallsSilent_AnotherLeads_AndOneOnlyWhenItIsBack()
    {
        var (leader, other) = (OpenNodes(), OpenNodes());
        var (first, second) = (await leader.JoinAsync("a", None), await other.JoinAsync("b", None));
        Assert.True((await leader.BeatAsync(first, [], Never, None))!.Leads);

        // It is still there and connected, as a process is that hangs, and says nothing.
        var patience = TimeSpan.FromMilliseconds(500);
        await Eventually.TrueAsync(async () => (await other.BeatAsync(second, [], patience, None))!.Leads, "Another one leads.");
        NodeBeat? back = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    back = await leader.BeatAsync(first, [], Never, None);
                    return true;
                }
                catch (StoreUnavailableException)
                {
                    return false; // Its session was ended.
                }
            },
            "The first one is heard of again.");
        Assert.NotEqual(back!.Leads, (await other.BeatAsync(second, [], Never, None))!.Leads);
    }

    [ServerFact]
    public async Task Beat_SaysTheTimeOfTheDirectory()
    {
        var node = await Nodes.JoinAsync("a", None);
        var first = (await Nodes.BeatAsync(node, [], Never, None))!.At;
        Assert.NotNull(first);
        Assert.True((await Nodes.BeatAsync(node, [], Never, None))!.At >= first);
    }

    [ServerFact]
    public async Task Bury_TheSilent_AreGone_OthersStay()
    {
        var (one, silent) = (await Nodes.JoinAsync("a", None), await Nodes.JoinAsync("b", None));
        await Nodes.BeatAsync(silent, [], Never, None);
        Assert.Equal(0, await Nodes.BuryAsync([silent], Never, None));
        var atOnce = TimeSpan.FromMilliseconds(1);
        await Eventually.TrueAsync(async () => Assert.Single((await Nodes.BeatAsync(one, [], atOnce, None))!.Peers).Silent, "the other is silent");
        Assert.Equal(1, await Nodes.BuryAsync([silent], atOnce, None));
        Assert.Null(await Nodes.BeatAsync(silent, [], Never, None));
        Assert.Empty((await Nodes.BeatAsync(one, [], Never, None))!.Peers);
    }

    private async Task<TaskId> SubmitAsync(int node)
    {
        var id = NextId();
        await Store.CommitAsync(new CommitBatch { Node = node, Workflows = [Submit(id)] }, None);
        return new TaskId(id, "build", 1);
    }

    private Task<IReadOnlyList<ActiveAttempt>> TakeAsync(int node) => Store.TakeParkedAsync(node, null, Now, Never, 10, None);
}
