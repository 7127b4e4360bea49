using System.Runtime.InteropServices;
using Aspire.Hosting.Offline;
using Stack.Tests.Orchestrator.Engine;

namespace Stack.Tests.AppHost.Offline.Application;

public sealed class EndSignalsTests : IDisposable
{
    private readonly ManualTimeProvider time = new();
    private readonly EndSignals signals;
    private int first;
    private int again;

    public EndSignalsTests() => signals = new EndSignals(time, () => Interlocked.Increment(ref first), () => Interlocked.Increment(ref again));

    [Fact]
    public void Hear_OneSignal_IsTheFirstAndDoesNotEndTheProcess()
    {
        var signal = new PosixSignalContext(PosixSignal.SIGTERM);

        signals.Hear(signal);

        Assert.True(signal.Cancel);
        Assert.Equal((1, 0), (first, again));
    }

    [Fact]
    public void Hear_OthersWithinAMoment_CountAsTheSame()
    {
        var passedOn = new PosixSignalContext(PosixSignal.SIGTERM);
        signals.Hear(new PosixSignalContext(PosixSignal.SIGINT));

        time.Advance(EndSignals.Moment - TimeSpan.FromMilliseconds(1));
        signals.Hear(passedOn);

        Assert.True(passedOn.Cancel);
        Assert.Equal((1, 0), (first, again));
    }

    [Fact]
    public void Hear_ManyAtOnce_CountAsOne()
    {
        Parallel.For(0, 64, _ => signals.Hear(new PosixSignalContext(PosixSignal.SIGTERM)));

        Assert.Equal((1, 0), (first, again));
    }

    [Fact]
    public void Hear_AnotherAMomentAfterTheFirst_IsAskedAgain()
    {
        signals.Hear(new PosixSignalContext(PosixSignal.SIGTERM));
        time.Advance(EndSignals.Moment / 2);
        signals.Hear(new PosixSignalContext(PosixSignal.SIGTERM));

        // Counted from the first one: who goes on asking is not put off for ever.
        time.Advance(EndSignals.Moment / 2);
        signals.Hear(new PosixSignalContext(PosixSignal.SIGTERM));

        Assert.Equal((1, 1), (first, again));
    }

    public void Dispose() => signals.Dispose();
}
