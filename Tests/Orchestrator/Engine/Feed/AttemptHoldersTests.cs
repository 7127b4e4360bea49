using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Feed;

public sealed class AttemptHoldersTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly WorkflowId Workflow = new(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"));
    private static readonly TaskId Task = new(Workflow, "a", 1);
    private static readonly AgentId One = new("noop-1");
    private static readonly AgentId Two = new("noop-2");
    private readonly AttemptHolders _holders = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void TryHold_IsExclusive_AndSaysWhetherItBegan()
    {
        Assert.True(_holders.TryHold(Task, One, _time.GetUtcNow(), out var began));
        Assert.True(began);
        Assert.True(_holders.TryHold(Task, One, _time.GetUtcNow(), out began));
        Assert.False(began);
        Assert.False(_holders.TryHold(Task, Two, _time.GetUtcNow(), out began));
        Assert.False(began);
        Assert.Equal(One, _holders.HolderOf(Task));
        Assert.Equal([Task], _holders.HeldBy(One));
        Assert.Equal([Task], _holders.HeldOf(Workflow));
        _holders.Release(Task);
        Assert.Null(_holders.HolderOf(Task));
        Assert.True(_holders.TryHold(Task, Two, _time.GetUtcNow(), out _));
    }

    [Fact]
    public async Task Stop_WakesTheHoldersWatchAtOnce()
    {
        _holders.Hold(Task, One, _time.GetUtcNow());
        using var watch = _holders.Listen(One);
        using var others = _holders.Listen(Two);
        var (waiting, other) = (watch.TakeAsync(TimeSpan.FromMinutes(1), _time, None), others.TakeAsync(TimeSpan.FromMinutes(1), _time, None));
        _holders.Stop(Task, "canceled");
        Assert.Equal((Task, "canceled"), Assert.Single(await waiting) is var cancel ? (cancel.TaskId, cancel.Reason) : default);
        Assert.False(other.IsCompleted);
        Assert.Null(_holders.HolderOf(Task));
        _time.Advance(TimeSpan.FromMinutes(1));
        Assert.Empty(await other);
    }

    [Fact]
    public async Task Stop_BetweenListeningAndWaiting_IsNotMissed()
    {
        _holders.Hold(Task, One, _time.GetUtcNow());
        using var watch = _holders.Listen(One);
        _holders.Stop(Task, "lost");
        Assert.Single(await watch.TakeAsync(TimeSpan.FromMinutes(1), _time, None));
    }

    [Fact]
    public async Task Stop_TwoConnectionsOfOneAgent_BothLearn()
    {
        _holders.Hold(Task, One, _time.GetUtcNow());
        using var dead = _holders.Listen(One);
        using var alive = _holders.Listen(One);
        _holders.Stop(Task, "lost");
        Assert.Single(await dead.TakeAsync(TimeSpan.Zero, _time, None));
        Assert.Single(await alive.TakeAsync(TimeSpan.Zero, _time, None));
    }

    [Fact]
    public async Task Stop_NobodyListens_LeavesNothingBehind()
    {
        _holders.Hold(Task, One, _time.GetUtcNow());
        _holders.Listen(One).Dispose();
        _holders.Stop(Task, "lost");
        _holders.Stop(Task, "lost");
        Assert.Equal(0, _holders.Count);
        using var watch = _holders.Listen(One);
        Assert.Empty(await watch.TakeAsync(TimeSpan.Zero, _time, None));
    }

    [Fact]
    public async Task Take_Canceled_Ends()
    {
        using var stop = new CancellationTokenSource();
        using var watch = _holders.Listen(One);
        var waiting = watch.TakeAsync(TimeSpan.FromMinutes(1), _time, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }
}
