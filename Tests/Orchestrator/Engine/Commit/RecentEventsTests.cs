using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Conformance;
using Stack.Tests.Orchestrator.Engine.Core;

namespace Stack.Tests.Orchestrator.Engine.Commit;

public sealed class RecentEventsTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task Find_AfterCommits_GivesWhatTheStoreGives()
    {
        await using var engine = await TestEngine.StartAsync();
        var recent = engine.Get<RecentEvents>();
        var first = await engine.SubmitAsync(Flow.Stage("a"), Flow.Stage("b", "a"));
        var second = await engine.SubmitAsync(Flow.Stage("a"));
        var through = engine.Get<EventSignal>().LastEventId;

        var all = await engine.Memory.ReadEventsAsync(null, 0, 100, None);
        Assert.Equal(4, all.Count);
        Assert.Equal(all, recent.Find(null, 0, through, 100));
        Assert.Equal(all.Skip(1).Take(2), recent.Find(null, all[0].Id, through, 2));
        Assert.Equal(all.Where(happened => happened.WorkflowId == second), recent.Find(second, 0, through, 100));
        Assert.Equal([], recent.Find(first, through, through, 100)!);
    }

    [Fact]
    public async Task Find_NothingWasCommittedHere_GivesNothing()
    {
        await using var engine = await TestEngine.StartAsync();
        Assert.Null(engine.Get<RecentEvents>().Find(null, 0, 0, 100));
    }

    [Fact]
    public async Task Find_OthersCommittedSince_OrBetween_GivesOnlyWhatHasNoGap()
    {
        await using var engine = await TestEngine.StartAsync();
        var recent = engine.Get<RecentEvents>();
        await engine.SubmitAsync(Flow.Stage("a"));
        var mine = engine.Get<EventSignal>().LastEventId;
        var foreign = (await engine.Memory.CommitAsync(new CommitBatch { Workflows = [Writes.Submit(Writes.NextId())] }, None)).LastEventId;
        Assert.Null(recent.Find(null, 0, foreign, 100));
        Assert.NotNull(recent.Find(null, 0, mine, 100));

        await engine.SubmitAsync(Flow.Stage("a"));
        var through = engine.Get<EventSignal>().LastEventId;
        Assert.Null(recent.Find(null, mine, through, 100));
        Assert.Equal(await engine.Memory.ReadEventsAsync(null, foreign, 100, None), recent.Find(null, foreign, through, 100));
    }

    [Fact]
    public async Task Find_ACommitOfUnknownOutcome_GivesNothingUntilTheNext()
    {
        await using var engine = await TestEngine.StartAsync();
        var recent = engine.Get<RecentEvents>();
        await engine.SubmitAsync(Flow.Stage("a"));
        var before = engine.Get<EventSignal>().LastEventId;
        engine.Store.AfterCommit = _ => throw new StoreUnavailableException("The connection broke.");
        await Assert.ThrowsAsync<StoreUnavailableException>(() => engine.SubmitAsync(Flow.Stage("a")));
        Assert.Null(recent.Find(null, before, before, 100));

        engine.Store.ComeBack();
        await engine.SubmitAsync(Flow.Stage("a"));
        Assert.Null(recent.Find(null, before, engine.Get<EventSignal>().LastEventId, 100));
    }

    [Fact]
    public async Task Find_MoreThanItKeeps_GivesTheNewest()
    {
        await using var engine = await TestEngine.StartAsync();
        var recent = engine.Get<RecentEvents>();
        var stages = Enumerable.Range(0, 200).Select(number => Flow.Stage($"stage{number}")).ToArray();
        for (var committed = 0L; committed <= RecentEvents.Capacity + 500; committed = engine.Get<EventSignal>().LastEventId)
        {
            await engine.SubmitAsync(stages);
        }

        var through = engine.Get<EventSignal>().LastEventId;
        Assert.Null(recent.Find(null, through - RecentEvents.Capacity - 1, through, 10));
        Assert.Equal(
            await engine.Memory.ReadEventsAsync(null, through - RecentEvents.Capacity, 10_000, None), recent.Find(null, through - RecentEvents.Capacity, through, 10_000));
    }
}
