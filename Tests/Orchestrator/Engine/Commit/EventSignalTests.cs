using Stack.Engine;

namespace Stack.Tests.Orchestrator.Engine.Commit;

public sealed class EventSignalTests
{
    [Fact]
    public async Task Wait_ThereIsMoreAlready_ReturnsAtOnce()
    {
        var signal = new EventSignal();
        signal.Set(7);
        Assert.True(signal.WaitAsync(6, CancellationToken.None).IsCompletedSuccessfully);
        Assert.False(signal.WaitAsync(7, CancellationToken.None).IsCompleted);
        var waiting = signal.WaitAsync(7, CancellationToken.None);
        signal.Set(8);
        await waiting;
        Assert.Equal(8, signal.LastEventId);
    }

    [Fact]
    public void Set_AnEarlierId_WakesNobody()
    {
        var signal = new EventSignal();
        signal.Set(7);
        var waiting = signal.WaitAsync(7, CancellationToken.None);
        signal.Set(7);
        signal.Set(3);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(7, signal.LastEventId);
    }

    [Fact]
    public async Task Wake_AllWaiting_LookAgain()
    {
        var signal = new EventSignal();
        var waiting = Enumerable.Range(0, 5).Select(_ => signal.WaitAsync(0, CancellationToken.None)).ToList();
        signal.Wake();
        await Task.WhenAll(waiting);
        Assert.False(signal.WaitAsync(0, CancellationToken.None).IsCompleted);
    }

    [Fact]
    public async Task Wait_Canceled_Ends()
    {
        var signal = new EventSignal();
        using var stop = new CancellationTokenSource();
        var waiting = signal.WaitAsync(0, stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Wait_ManySettersAndReaders_MissesNothing()
    {
        var signal = new EventSignal();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            for (var seen = 0L; seen < 5000; seen = signal.LastEventId)
            {
                await signal.WaitAsync(seen, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));
            }
        })).ToList();
        for (var id = 1L; id <= 5000; id++)
        {
            signal.Set(id);
        }

        await Task.WhenAll(readers);
    }
}
