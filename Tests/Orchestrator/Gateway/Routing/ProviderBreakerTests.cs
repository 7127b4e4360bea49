using Stack.Orchestrator.Gateway.Routing;

namespace Stack.Tests.Orchestrator.Gateway.Routing;

public sealed class ProviderBreakerTests
{
    private readonly StoppedClock _time = new();
    private readonly List<string> _changes = [];

    [Fact]
    public void Fail_FiveTimesInARow_OpensForAMinuteAndTwoSuccessesClose()
    {
        var breaker = new ProviderBreaker(_time, _changes.Add);
        for (var i = 0; i < 4; i++)
        {
            Assert.Null(breaker.Enter());
            Fail(breaker);
        }

        Assert.Equal("closed", breaker.State);
        Fail(breaker);
        Assert.Equal(TimeSpan.FromSeconds(60), breaker.Enter());

        _time.Now += TimeSpan.FromSeconds(60);
        Assert.Null(breaker.Enter());
        Assert.NotNull(breaker.Enter());
        breaker.Succeed();
        Assert.Equal("half_open", breaker.State);
        Assert.Null(breaker.Enter());
        breaker.Succeed();

        Assert.Equal("closed", breaker.State);
        Assert.Equal(["open", "half_open", "closed"], _changes);
    }

    [Fact]
    public void Fail_WhileTrying_OpensAgain()
    {
        var breaker = new ProviderBreaker(_time, _changes.Add);
        for (var i = 0; i < 5; i++)
        {
            Fail(breaker);
        }

        _time.Now += TimeSpan.FromSeconds(61);
        Assert.Null(breaker.Enter());
        Fail(breaker);

        Assert.Equal(TimeSpan.FromSeconds(60), breaker.Enter());
    }

    [Fact]
    public void Succeed_InBetween_ForgetsFailures()
    {
        var breaker = new ProviderBreaker(_time, _changes.Add);
        for (var i = 0; i < 20; i++)
        {
            Fail(breaker);
            if (i % 3 == 0)
            {
                breaker.Succeed();
            }
        }

        Assert.Equal("closed", breaker.State);
    }

    private static void Fail(ProviderBreaker breaker) => breaker.Fail(5, TimeSpan.FromSeconds(60));

    private sealed class StoppedClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
