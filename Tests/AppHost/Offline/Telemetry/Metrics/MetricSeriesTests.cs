using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry.Metrics;

public sealed class MetricSeriesTests
{
    private const long Second = 1_000_000_000;

    [Fact]
    public void Add_APointASecondForTwelveHours_ThinsTheOldOnesOnly()
    {
        var series = new MetricSeries([0], [], width: 1);
        const int seconds = 12 * 3_600;
        for (var second = 1; second <= seconds; second++)
        {
            series.Add(second * Second, [second * 2], int.MaxValue);
        }

        Assert.InRange(series.Count, 100, 512);
        var times = Enumerable.Range(0, series.Count).Select(index => series.Time(index) / Second).ToArray();
        Assert.Equal(1, times[0]);
        Assert.Equal(Enumerable.Range(seconds - 59, 60).Select(second => (long)second), times[^60..]);
        Assert.All(times.Zip(times[1..]), pair => Assert.True(pair.Second - pair.First <= Math.Max(1, (seconds - pair.First) / 16), $"{pair}"));
        Assert.All(Enumerable.Range(0, series.Count), index => Assert.Equal(times[index] * 2, series.Point(index)[0]));
    }

    [Fact]
    public void Add_AValueThatStays_TakesTwoPoints()
    {
        var series = new MetricSeries([0], [], width: 1);
        for (var second = 1; second <= 1_000; second++)
        {
            series.Add(second * Second, [5], int.MaxValue);
        }

        Assert.Equal((2, 1_000 * Second), (series.Count, series.LastTime));
    }

    [Fact]
    public void Add_WithoutAllowance_KeepsTheMemoryItHas()
    {
        var series = new MetricSeries([0], [], width: 1);
        for (var second = 1; second <= 1_000; second++)
        {
            series.Add(second * Second, [second], second < 5 ? 100 : 0);
        }

        Assert.Equal(16, series.Allocated);
        Assert.Equal(1_000, series.Point(series.Count - 1)[0]);
    }
}
