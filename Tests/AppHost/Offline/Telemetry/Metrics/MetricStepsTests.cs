using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry.Metrics;

public sealed class MetricStepsTests
{
    private const long Second = 1_000_000_000;
    private const long Now = 1_000 * Second - 1;

    private static readonly MetricSteps Steps = new(Now, TimeSpan.FromSeconds(100), count: 10);

    [Fact]
    public void LevelOf_AGauge_HoldsTheLastValueForAWhile()
    {
        var levels = Steps.LevelOf(Series(width: 1, [], (925, [1]), (927, [2]), (951, [3])));

        Assert.Equal([null, null, 2, 2, 2, 3, 3, 3, 3, 3], levels);
        Assert.All(Steps.LevelOf(Series(width: 1, [], (700, [1]))), Assert.Null);
    }

    [Fact]
    public void RateOf_ACounterThatBeganAnew_NeverIsNegative()
    {
        var rates = Steps.RateOf(Series(width: 1, [], (900, [100]), (920, [140]), (930, [10]), (990, [70])));

        Assert.Equal([2, 2, 1, 1, 1, 1, 1, 1, 1, null], rates.Select(rate => rate is { } known ? Math.Round(known, 6) : (double?)null));
    }

    [Fact]
    public void Histogram_OfTwoSeries_IsMergedAndHasPercentiles()
    {
        var one = Series(width: 7, [1, 2], (900, [0, 0, 0, 0, 0, 0, 0]), (910, [10, 15, 0, 2, 5, 5, 0]));
        var two = Series(width: 7, [1, 2], (900, [0, 0, 0, 0, 0, 0, 0]), (910, [10, 15, 0, 2, 5, 5, 0]));

        var histogram = HistogramSteps.Of([one, two], Steps);

        Assert.Equal((20d, 1.5, null), (histogram.Counts()[0], histogram.Means()[0], histogram.Means()[5]));
        Assert.Equal((1d, 1.8), (histogram.Percentiles(50)[0], Math.Round(histogram.Percentiles(90)[0]!.Value, 6)));
    }

    private static MetricSeries Series(int width, double[] bounds, params (long Second, double[] Point)[] points)
    {
        var series = new MetricSeries([0], bounds, width);
        foreach (var (second, point) in points)
        {
            series.Add(second * Second, point, int.MaxValue);
        }
        return series;
    }
}
