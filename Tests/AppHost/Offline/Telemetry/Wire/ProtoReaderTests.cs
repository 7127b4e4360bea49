using Aspire.Hosting.Offline;
using FsCheck;
using FsCheck.Fluent;

namespace Stack.Tests.AppHost.Offline.Telemetry.Wire;

public sealed class ProtoReaderTests
{
    private static readonly TelemetryOptions Small = new() { MostSpans = 100, MostLogs = 100, MostSeries = 20, MostMetricNumbers = 1_000, MostResources = 10 };

    private static readonly byte[][] WellFormed =
    [
        OtlpMessage.Traces("a", OtlpMessage.Span(7, 1, "one").With(9, OtlpMessage.Attribute("k", "v")), OtlpMessage.Span(7, 2, "two", parent: 1, status: 2)),
        OtlpMessage.Logs("a", OtlpMessage.Log("text", 17).With(6, OtlpMessage.Attribute("exception.type", "X"))),
        OtlpMessage.Metrics("a", OtlpMessage.Counter("c", 1_000, 4), OtlpMessage.Gauge("g", 1_000, 5), OtlpMessage.Histogram("h", 1_000, 3, [1, 2, 0], [0.5, 1])),
    ];

    [Fact]
    public void Request_OfAnyBytes_IsTakenOrRefusedAndNeverWorse() => Prop.ForAll(Gen.ArrayOf(ArbMap.Default.GeneratorFor<byte>()).ToArbitrary(), TakesOrRefuses).QuickCheckThrowOnFailure();

    [Fact]
    public void Request_WithDamagedBytes_IsTakenOrRefusedAndNeverWorse()
    {
        var damaged = from message in Gen.Elements(WellFormed)
                      from changes in Gen.ListOf(Gen.Zip(Gen.Choose(0, 10_000), ArbMap.Default.GeneratorFor<byte>()))
                      from cut in Gen.Choose(0, message.Length)
                      select Damage(message, changes, cut);
        Prop.ForAll(damaged.ToArbitrary(), TakesOrRefuses).Check(Config.QuickThrowOnFailure.WithMaxTest(3_000));
    }

    [Fact]
    public void Request_WithUnknownFields_IsTakenWithoutThem()
    {
        var store = new TelemetryStore(Small, TimeProvider.System);
        var span = OtlpMessage.Span(7, 1, "one").Text(100, "unknown").Varint(101, ulong.MaxValue).Fixed64(102, 1);

        Assert.Equal(1, store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("a", span)).Accepted);
    }

    [Fact]
    public void Value_NestedTooDeep_IsRefused()
    {
        var value = new OtlpMessage().Text(1, "inmost");
        for (var depth = 0; depth < 1_000; depth++)
        {
            value = new OtlpMessage().Message(5, new OtlpMessage().Message(1, value));
        }
        var span = OtlpMessage.Span(7, 1, "one").Message(9, new OtlpMessage().Text(1, "deep").Message(2, value));

        Assert.Throws<MalformedTelemetryException>(() => new TelemetryStore(Small, TimeProvider.System).Add(TelemetrySignal.Traces, OtlpMessage.Traces("a", span)));
    }

    private static byte[] Damage(byte[] message, IEnumerable<(int At, byte Value)> changes, int cut)
    {
        var copy = message.ToArray();
        foreach (var (at, value) in changes)
        {
            copy[at % copy.Length] = value;
        }
        return copy[..(copy.Length - (cut % 4 == 0 ? cut : 0))];
    }

    // Whatever was taken must also be readable.
    private static bool TakesOrRefuses(byte[] request)
    {
        var store = new TelemetryStore(Small, TimeProvider.System);
        foreach (var signal in Enum.GetValues<TelemetrySignal>())
        {
            try
            {
                store.Add(signal, request);
            }
            catch (MalformedTelemetryException)
            {
            }
        }
        return store.Read(content =>
        {
            var query = new TelemetryQuery(new Microsoft.AspNetCore.Http.QueryCollection());
            foreach (var line in TraceQuery.Read(query).Newest(content, 100).Traces)
            {
                Assert.NotNull(TraceDetails.Find(content, UInt128.Parse(line.TraceId, System.Globalization.NumberStyles.HexNumber)));
            }
            foreach (var line in LogQuery.Read(query).Newest(content, before: null, 100).Logs)
            {
                Assert.NotNull(LogDetails.Find(content, line.Id));
            }
            return InstrumentList.Find(content, new ResourceFilter([], null)).Instruments.Count >= 0 && ResourceList.Of(content).Resources.Count >= 0;
        });
    }
}
