using Stack.Contracts;
using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Feed;

public sealed class ReadyQueueTests
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly WorkflowId Workflow = new(Guid.Parse("01890a5d-ac96-774b-bcce-b302099a8057"));
    private static readonly TimeSpan AtOnce = TimeSpan.Zero;
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(1);
    private readonly ManualTimeProvider _time = new();
    private readonly ReadyQueue _queue;

    public ReadyQueueTests() => _queue = new ReadyQueue(_time, Microsoft.Extensions.Options.Options.Create(new EngineOptions()));

    [Fact]
    public async Task Take_HighestPriorityFirst_OldestFirstWithinIt()
    {
        Offer(Task("m1"), Task("l1", Priority.Low), Task("c1", Priority.Critical), Task("m2"));
        Offer(Task("h1", Priority.High), Task("c2", Priority.Critical), Task("m3"));
        Assert.Equal(7, _queue.DepthOf("noop"));
        Assert.Equal(["c1", "c2", "h1"], await TakeAsync(3));
        Assert.Equal(["m1", "m2", "m3", "l1"], await TakeAsync(10));
        Assert.Empty(await TakeAsync(10));
    }

    [Fact]
    public async Task Take_OtherTypes_AreLeftAlone()
    {
        Offer(Task("a") with { AgentType = "other" });
        Assert.Empty(await TakeAsync(1));
        Assert.Equal(0, _queue.DepthOf("noop"));
        Assert.Equal(1, _queue.DepthOf("other"));
    }

    [Fact]
    public async Task Offer_TheSameAttemptTwice_IsThereOnce()
    {
        Offer(Task("a"), Task("a"));
        Offer(Task("a"));
        Assert.Equal(["a"], await TakeAsync(10));
    }

    [Fact]
    public async Task Take_Waiting_IsServedInTheOrderOfWaiting()
    {
        var (first, second) = (_queue.TakeAsync("noop", 2, true, Long, None), _queue.TakeAsync("noop", 2, true, Long, None));
        Offer(Task("a"), Task("b"), Task("c"));
        Assert.Equal(["a", "b"], Names(await first));
        Assert.Equal(["c"], Names(await second));
    }

    [Fact]
    public Task Offer_OneToOneThatWaits_GoesOnThere_AndManyDoNot() => System.Threading.Tasks.Task.Run(async () =>
    {
        // Not in the test's own context, in which nothing goes on where it was completed.
        var thread = 0;
        var one = AfterAsync(_queue.TakeAsync("noop", 2, true, Long, None), () => thread = Environment.CurrentManagedThreadId);
        var here = Environment.CurrentManagedThreadId;
        Offer(Task("a"));
        Assert.Equal(here, thread);
        await one;

        using var offered = new ManualResetEventSlim();
        var inTime = false;
        var two = AfterAsync(_queue.TakeAsync("noop", 2, true, Long, None), () => inTime = offered.Wait(TimeSpan.FromSeconds(30)));
        Offer(Task("b"), Task("c"));
        offered.Set();
        await two;
        Assert.True(inTime, "Whoever offered did the work of whoever waited.");

        static async Task AfterAsync(Task taking, Action then)
        {
            await taking.ConfigureAwait(false);
            then();
        }
    });

    [Fact]
    public async Task Take_NothingInTime_IsEmpty_AndNothingIsLostLater()
    {
        var waiting = _queue.TakeAsync("noop", 1, true, Long, None);
        _time.Advance(Long);
        Assert.Empty(await waiting);
        Offer(Task("a"));
        Assert.Equal(["a"], await TakeAsync(1));
    }

    [Fact]
    public async Task Take_Canceled_LeavesTheLine()
    {
        using var stop = new CancellationTokenSource();
        var waiting = _queue.TakeAsync("noop", 1, true, Long, stop.Token);
        var next = _queue.TakeAsync("noop", 1, true, Long, None);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        Offer(Task("a"));
        Assert.Equal(["a"], Names(await next));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _queue.TakeAsync("noop", 1, true, AtOnce, stop.Token));
    }

    [Fact]
    public async Task Take_CanceledOrTimedOutInTheMomentOfService_LosesNothing()
    {
        for (var round = 0; round < 2000; round++)
        {
            using var stop = new CancellationTokenSource();
            var waiting = _queue.TakeAsync("noop", 1, true, Long, stop.Token);
            var name = $"t{round}";
            await System.Threading.Tasks.Task.WhenAll(
                System.Threading.Tasks.Task.Run(() => Offer(Task(name))),
                System.Threading.Tasks.Task.Run(() =>
                {
                    if (round % 2 == 0)
                    {
                        stop.Cancel();
                    }
                    else
                    {
                        _time.Advance(Long);
                    }
                }));
            var taken = waiting.IsCanceled ? [] : await Settled(waiting);
            Assert.Equal([name], Names(taken).Concat(await TakeAsync(10)));
        }
    }

    [Fact]
    public async Task Take_GivenBack_KeepsItsPlace()
    {
        Offer(Task("a"), Task("b"), Task("c", Priority.Low));
        var taken = await _queue.TakeAsync("noop", 1, true, AtOnce, None);
        _queue.Offer(taken, _time.GetUtcNow());
        Assert.Equal(["a", "b", "c"], await TakeAsync(10));
    }

    [Fact]
    public async Task Release_MovesWhatIsDue_AndSaysWhenTheNextIs()
    {
        var now = _time.GetUtcNow();
        Offer(Task("late") with { AvailableAt = now.AddSeconds(10) }, Task("soon") with { AvailableAt = now.AddSeconds(5) }, Task("now") with { AvailableAt = now });
        Assert.Equal(["now"], await TakeAsync(10));
        Assert.Equal(2, _queue.Delayed);
        Assert.Equal((0, now.AddSeconds(5)), _queue.Release(now.AddSeconds(4)));
        Assert.Equal((1, now.AddSeconds(10)), _queue.Release(now.AddSeconds(5)));
        Assert.Equal((1, null), _queue.Release(now.AddSeconds(10)));
        Assert.Equal(["soon", "late"], await TakeAsync(10));
    }

    [Fact]
    public async Task Delayed_OfferedAgain_WaitsOnce()
    {
        var now = _time.GetUtcNow();
        for (var i = 0; i < 100; i++)
        {
            Offer(Task("a") with { AvailableAt = now.AddSeconds(5) });
        }

        Assert.Equal(1, _queue.Delayed);
        _queue.Release(now.AddSeconds(5));
        Assert.Equal(["a"], await TakeAsync(10));
    }

    [Fact]
    public async Task DelayedChanged_EndsWithTheNextDelay()
    {
        var changed = _queue.DelayedChangedAsync(None);
        Offer(Task("now"));
        Assert.False(changed.IsCompleted);
        Offer(Task("a") with { AvailableAt = _time.GetUtcNow().AddSeconds(5) });
        await changed;
    }

    [Fact]
    public async Task Withdraw_TakesItOutWhereverItWaits()
    {
        Offer(Task("a"), Task("b"), Task("c") with { AvailableAt = _time.GetUtcNow().AddSeconds(5) });
        _queue.Withdraw(Task("a").TaskId, "noop");
        _queue.Withdraw(Task("c").TaskId, "noop");
        _queue.Withdraw(Task("x").TaskId, "nobody");
        Assert.Equal((1, 0), (_queue.DepthOf("noop"), _queue.Delayed));
        Offer(Task("a"));
        Assert.Equal(["b", "a"], await TakeAsync(10));
    }

    [Fact]
    public void Withdraw_AllOfMany_FreesTheirMemory()
    {
        var heap = new TaskHeap<int>();
        for (var i = 0; i < 10_000; i++)
        {
            heap.Add(Task($"t{i}"), i);
        }

        for (var i = 0; i < 9_990; i++)
        {
            heap.Remove(Task($"t{i}").TaskId);
        }

        Assert.Equal(10, heap.Count);
        Assert.InRange(heap.Places, 10, 64);
        Assert.True(heap.TryTake(out var next));
        Assert.Equal("t9990", next.TaskId.Stage);
    }

    [Fact]
    public async Task OffersAndTakes_FromManyThreads_MeetExactlyOnce()
    {
        const int Count = 5000;
        var takers = Enumerable.Range(0, 4).Select(_ => System.Threading.Tasks.Task.Run(async () =>
        {
            var taken = new List<string>();
            while (await _queue.TakeAsync("noop", 7, true, Long, None) is { } some && !Names(some).Contains("end"))
            {
                taken.AddRange(Names(some));
            }

            return taken;
        })).ToList();
        await System.Threading.Tasks.Task.WhenAll(Enumerable.Range(0, 4).Select(worker => System.Threading.Tasks.Task.Run(() =>
        {
            for (var i = worker; i < Count; i += 4)
            {
                Offer(Task($"t{i}"), Task($"t{i}"));
            }
        })));
        await Eventually(() => _queue.DepthOf("noop") == 0);
        for (var i = 0; i < takers.Count; i++)
        {
            Offer(Task("end"));
            await Eventually(() => takers.Count(taker => taker.IsCompleted) > i);
        }

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"t{i}").Order(), (await System.Threading.Tasks.Task.WhenAll(takers)).SelectMany(taken => taken).Order());
    }

    private static async Task<List<ReadyTask>> Settled(Task<List<ReadyTask>> waiting)
    {
        try
        {
            return await waiting.WaitAsync(TimeSpan.FromSeconds(20));
        }
        catch (OperationCanceledException)
        {
            return [];
        }
    }

    private static async Task Eventually(Func<bool> condition)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!condition())
        {
            await System.Threading.Tasks.Task.Delay(5, patience.Token);
        }
    }

    private static ReadyTask Task(string name, Priority priority = Priority.Medium) => new(new TaskId(Workflow, name, 1), "noop", priority, null);

    private static IEnumerable<string> Names(IEnumerable<ReadyTask> tasks) => tasks.Select(task => task.TaskId.Stage);

    private void Offer(params ReadyTask[] tasks) => _queue.Offer(tasks, _time.GetUtcNow());

    private async Task<List<string>> TakeAsync(int most) => [.. Names(await _queue.TakeAsync("noop", most, true, AtOnce, None))];
}
