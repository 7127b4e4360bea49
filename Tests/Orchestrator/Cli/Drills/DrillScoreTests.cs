using Stack.Cli;

namespace Stack.Tests.Orchestrator.Cli.Drills;

public sealed class DrillScoreTests
{
    private static readonly Check Good = new("good", Holds: true, "");
    private static readonly Check Bad = new("bad", Holds: false, "");

    [Theory]
    [InlineData(0, 100)]
    [InlineData(5, 100)]
    [InlineData(32.5, 90)]
    [InlineData(60, 80)]
    [InlineData(600, 80)]
    public void Of_AllHolds_FallsWithTheRecovery(double seconds, int expected) =>
        Assert.Equal(expected, DrillScore.Of([Good, Good], hadFault: true, TimeSpan.FromSeconds(seconds)));

    [Fact]
    public void Of_HalfBroken_LosesHalfOfTheChecksPoints() => Assert.Equal(60, DrillScore.Of([Good, Bad], hadFault: true, TimeSpan.Zero));

    [Fact]
    public void Of_NeverRecovered_LosesItsPoints() => Assert.Equal(80, DrillScore.Of([Good], hadFault: true, recovery: null));

    [Fact]
    public void Of_NoFault_NothingToRecoverFrom() => Assert.Equal(100, DrillScore.Of([Good], hadFault: false, recovery: null));

    [Theory]
    [InlineData("first", 90)]
    [InlineData("better", 80, 90)]
    [InlineData("worse", 100, 100, 90)]
    [InlineData("same", 90, 90)]
    public void Trend_OfRuns_ComparesTheLastWithThoseBefore(string expected, params int[] scores) =>
        Assert.Equal(expected, DrillReport.Trend([.. scores.Select(score => new DrillOutcome { Drill = "kill-agent", At = default, Status = DrillStatus.Held, Seed = 1, Score = score })]));
}
