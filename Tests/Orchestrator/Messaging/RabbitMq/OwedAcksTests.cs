using System.Net.Sockets;
using Stack.Messaging.RabbitMq;
using Stack.Tests.EndToEnd;
using Stack.Tests.Orchestrator.Engine;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

public sealed class OwedAcksTests
{
    private readonly ManualTimeProvider _time = new();
    private int _sent;

    [Fact]
    public async Task Add_Little_IsSentOnceAMomentLater()
    {
        var acks = Acks();
        await acks.AddAsync(1, most: 10);
        await acks.AddAsync(2, most: 10);
        Assert.Equal(0, _sent);

        await LaterAsync(1);
        await acks.AddAsync(1, most: 10);
        await LaterAsync(2);
    }

    [Fact]
    public async Task Add_AsMuchAsMayBeOwed_IsSentAtOnce()
    {
        var acks = Acks();
        await acks.AddAsync(9, most: 10);
        await acks.AddAsync(1, most: 10);
        Assert.Equal(1, _sent);

        await acks.AddAsync(1, most: 1);
        Assert.Equal(2, _sent);
        _time.Advance(TimeSpan.FromMilliseconds(20));
        await acks.SendAsync();
        Assert.Equal(2, _sent);
    }

    [Fact]
    public async Task Add_FromMany_SendsOneAtATimeAndLeavesNothing()
    {
        var (added, seen, inside) = (0, 0, 0);
        var acks = new OwedAcks(
            async () =>
            {
                Assert.Equal(1, Interlocked.Increment(ref inside));
                await Task.Yield();
                seen = Volatile.Read(ref added);
                Interlocked.Decrement(ref inside);
            },
            TimeProvider.System);

        await Parallel.ForAsync(0, 2_000, async (_, _) =>
        {
            Interlocked.Increment(ref added);
            await acks.AddAsync(1, most: 7);
        });
        await acks.SendAsync();

        Assert.Equal(2_000, seen);
    }

    [Fact]
    public async Task Send_ConnectionIsLost_TheNextOnesAreSent()
    {
        var fails = true;
        var acks = new OwedAcks(() => fails ? throw new SocketException() : Task.FromResult(++_sent), _time);
        await Assert.ThrowsAsync<SocketException>(() => acks.AddAsync(1, most: 1));

        fails = false;
        await acks.AddAsync(1, most: 1);
        Assert.Equal(1, _sent);
    }

    private async Task LaterAsync(int sent)
    {
        _time.Advance(TimeSpan.FromMilliseconds(20));
        await Answering.TrueAsync(() => Task.FromResult(Volatile.Read(ref _sent) == sent), TimeSpan.FromSeconds(10), () => "It was not sent.");
    }

    private OwedAcks Acks() => new(
        () =>
        {
            _sent++;
            return Task.CompletedTask;
        },
        _time);
}
