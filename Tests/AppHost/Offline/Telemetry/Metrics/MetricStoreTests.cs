using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry.Metrics;

public sealed class MetricStoreTests
{
    [Fact]
    public void Add_TooManySeries_LetsThoseGoThatWereSilentLongest()
    {
        var store = new TelemetryStore(new TelemetryOptions { MostSeries = 100 }, TimeProvider.System);
        for (var number = 0; number < 500; number++)
        {
            store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics("a", OtlpMessage.Gauge("g", number + 1, number, OtlpMessage.Attribute("id", $"{number}"))));
        }

        Assert.InRange(store.Read(content => content.Metrics.SeriesCount), 80, 100);
        var last = store.Read(content => content.Metrics.Instruments.Single().Series.Values.Select(series => series.Point(0)[0]).Order().ToArray());
        Assert.Equal((499d, true), (last[^1], last[0] > 300));
    }

    [Fact]
    public void Add_TooManySeriesOfOneInstrument_RejectsFurtherOnes()
    {
        var store = new TelemetryStore(new TelemetryOptions(), TimeProvider.System);
        var points = Enumerable.Range(0, MetricInstrument.MostSeries + 5).Select(number => OtlpMessage.Gauge("g", 1, number, OtlpMessage.Attribute("id", $"{number}")));

        var result = store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics("a", [.. points]));

        Assert.Equal((MetricInstrument.MostSeries, 5), (result.Accepted, result.Rejected));
    }

    [Fact]
    public void Add_Numbers_StaysWithinTheMemoryForAll()
    {
        var store = new TelemetryStore(new TelemetryOptions { MostMetricNumbers = 5_000 }, TimeProvider.System);
        for (var time = 1; time < 200; time++)
        {
            store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics("a", [.. Enumerable.Range(0, 100).Select(number => OtlpMessage.Counter($"c{number}", time, time))]));
        }

        Assert.True(store.Read(content => content.Metrics.Bytes) <= 5_000 * sizeof(double));
        Assert.Equal(199, store.Read(content => content.Metrics.Instruments.First().Series.Values.Single()).LastTime);
    }
}
