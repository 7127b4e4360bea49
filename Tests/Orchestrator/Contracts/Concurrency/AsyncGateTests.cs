using Microsoft.Extensions.DependencyInjection;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Contracts.Concurrency;

public sealed class AsyncGateTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly AsyncGate _gate = new();

    [Fact]
    public async Task Enter_ByManyAtOnce_OneIsInsideAtATime()
    {
        var (inside, most, entries) = (0, 0, 0);
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(async () =>
        {
            for (var times = 0; times < 200; times++)
            {
                using (await _gate.EnterAsync(CancellationToken.None))
                {
                    most = Math.Max(most, ++inside);
                    await Task.Yield();
                    entries++;
                    inside--;
                }
            }
        }))).WaitAsync(Patience);

        Assert.Equal((0, 1, 3200), (inside, most, entries));
    }

    [Fact]
    public async Task Enter_WhileSomebodyIsInside_WaitsUntilItIsLeft()
    {
        var stay = await _gate.EnterAsync(CancellationToken.None);
        var next = _gate.EnterAsync(CancellationToken.None).AsTask();
        Assert.False(next.IsCompleted);

        stay.Dispose();

        (await next.WaitAsync(Patience)).Dispose();
    }

    [Fact]
    public async Task Enter_CanceledWhileWaiting_IsNotLetInAndHoldsUpNobody()
    {
        using var source = new CancellationTokenSource();
        var stay = await _gate.EnterAsync(CancellationToken.None);
        var canceled = _gate.EnterAsync(source.Token).AsTask();
        var next = _gate.EnterAsync(CancellationToken.None).AsTask();

        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => canceled.WaitAsync(Patience));
        Assert.False(next.IsCompleted);
        stay.Dispose();

        (await next.WaitAsync(Patience)).Dispose();
    }

    [Fact]
    public async Task Enter_CanceledBefore_LeavesTheGateFree()
    {
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await _gate.EnterAsync(new CancellationToken(canceled: true)));

        (await _gate.EnterAsync(CancellationToken.None).AsTask().WaitAsync(Patience)).Dispose();
    }

    [Fact]
    public async Task Work_Fails_TheGateIsLeft()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(async () =>
        {
            using (await _gate.EnterAsync(CancellationToken.None))
            {
                throw new InvalidOperationException();
            }
        });

        (await _gate.EnterAsync(CancellationToken.None).AsTask().WaitAsync(Patience)).Dispose();
    }

    [Fact]
    public async Task Owner_DisposedOfWhileSomebodyIsInsideAndAnotherWaits_BothStayAndLeave()
    {
        var owner = new ServiceCollection().AddSingleton<AsyncGate>().BuildServiceProvider();
        var gate = owner.GetRequiredService<AsyncGate>();
        var stay = await gate.EnterAsync(CancellationToken.None);
        var waiting = gate.EnterAsync(CancellationToken.None).AsTask();

        await owner.DisposeAsync();
        stay.Dispose();
        (await waiting.WaitAsync(Patience)).Dispose();

        (await gate.EnterAsync(CancellationToken.None)).Dispose();
    }

    [Fact]
    public void Enter_NobodyIsInside_AllocatesNothing()
    {
        using var source = new CancellationTokenSource();
        EnterOften(source.Token);
        var before = GC.GetAllocatedBytesForCurrentThread();

        EnterOften(source.Token);

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    private void EnterOften(CancellationToken cancellationToken)
    {
        for (var times = 0; times < 100; times++)
        {
            var entering = _gate.EnterAsync(cancellationToken);
            if (entering.IsCompletedSuccessfully)
            {
                entering.Result.Dispose();
            }
            else
            {
                Assert.Fail("It waits, although nobody is inside.");
            }
        }
    }
}
