using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Exporter;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Stack.Tests.AppHost.Offline.Telemetry.Receiving;

/// <summary>The real SDK exports to the receivers, over both protocols.</summary>
public sealed class OtlpExportTests
{
    public static TheoryData<OtlpExportProtocol> Protocols => [OtlpExportProtocol.Grpc, OtlpExportProtocol.HttpProtobuf];

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Spans_OfTheSdk_ArriveWithAllTheyHave(OtlpExportProtocol protocol)
    {
        await using var host = await TelemetryHost.StartAsync();
        using var source = new ActivitySource($"Test.{protocol}", "1.2");
        ActivityTraceId trace;
        using (var provider = Sdk.CreateTracerProviderBuilder().SetResourceBuilder(Resource()).AddSource(source.Name).AddOtlpExporter(options => Configure(options, host, protocol, "v1/traces")).Build())
        {
            using var root = source.StartActivity("POST /workflows", ActivityKind.Server)!;
            trace = root.TraceId;
            root.SetTag("http.request.method", "POST").SetTag("http.response.status_code", 200).SetTag("share", 0.5).SetTag("cached", false).SetTag("names", new[] { "a", "b" });
            using var child = source.StartActivity("SELECT", ActivityKind.Client, root.Context, links: [new ActivityLink(new ActivityContext(ActivityTraceId.CreateRandom(), ActivitySpanId.CreateRandom(), default))])!;
            child.SetTag("db.system.name", "postgresql").SetStatus(ActivityStatusCode.Error, "no such table");
            child.AddEvent(new ActivityEvent("exception", tags: new ActivityTagsCollection { ["exception.type"] = "X" }));
        }

        var answer = await host.GetAsync($"traces/{trace.ToHexString()}");
        Assert.Equal(("POST /workflows", "service", 1, true), (answer.GetProperty("name").GetString(), answer.GetProperty("resource").GetString(), answer.GetProperty("errors").GetInt32(), answer.GetProperty("is_complete").GetBoolean()));
        var spans = answer.GetProperty("spans").EnumerateArray().ToArray();
        Assert.Equal(["POST /workflows", "SELECT"], spans.Select(span => span.GetProperty("name").GetString()));
        var (first, second) = (spans[0], spans[1]);
        Assert.Equal(("server", 0, "http", source.Name), (first.GetProperty("kind").GetString(), first.GetProperty("depth").GetInt32(), first.GetProperty("type").GetString(), first.GetProperty("scope").GetString()));
        Assert.Equal("""{"http.request.method":"POST","http.response.status_code":200,"share":0.5,"cached":false,"names":["a","b"]}""", first.GetProperty("attributes").GetRawText());
        Assert.Equal(("client", 1, "database", "postgresql", "error", "no such table"), (
            second.GetProperty("kind").GetString(), second.GetProperty("depth").GetInt32(), second.GetProperty("type").GetString(),
            second.GetProperty("peer").GetString(), second.GetProperty("status").GetString(), second.GetProperty("status_message").GetString()));
        Assert.Equal(first.GetProperty("span_id").GetString(), second.GetProperty("parent_span_id").GetString());
        Assert.Equal("exception", second.GetProperty("events")[0].GetProperty("name").GetString());
        Assert.Equal(32, second.GetProperty("links")[0].GetProperty("trace_id").GetString()!.Length);
        Assert.Equal("service-1", second.GetProperty("instance").GetString());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Logs_OfTheSdk_ArriveWithTheirTraceAndException(OtlpExportProtocol protocol)
    {
        await using var host = await TelemetryHost.StartAsync();
        using var activity = new Activity("work").SetIdFormat(ActivityIdFormat.W3C).Start();
        using (var factory = LoggerFactory.Create(logging => logging.AddOpenTelemetry(options =>
        {
            options.IncludeFormattedMessage = true;
            options.SetResourceBuilder(Resource()).AddOtlpExporter(exporter => Configure(exporter, host, protocol, "v1/logs"));
        })))
        {
            factory.CreateLogger("Test.Engine").LogError(new EventId(7, "StageFailed"), new InvalidOperationException("disk gone"), "Stage {Stage} failed", "build");
        }

        var line = Assert.Single(await host.ListAsync($"logs?trace_id={activity.TraceId.ToHexString()}", "logs"));
        Assert.Equal(("error", "Test.Engine", "Stage build failed", true), (
            line.GetProperty("severity").GetString(), line.GetProperty("category").GetString(), line.GetProperty("message").GetString(), line.GetProperty("has_exception").GetBoolean()));
        var details = await host.GetAsync($"logs/{line.GetProperty("id").GetInt64()}");
        Assert.Equal(("Stage {Stage} failed", "build", "StageFailed"), (details.GetProperty("template").GetString(), details.GetProperty("attributes").GetProperty("Stage").GetString(), details.GetProperty("event_name").GetString()));
        Assert.Equal(("disk gone", activity.SpanId.ToHexString()), (details.GetProperty("exception").GetProperty("message").GetString(), details.GetProperty("span_id").GetString()));
        Assert.Equal("service", details.GetProperty("resource_attributes").GetProperty("service.name").GetString());
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task Metrics_OfTheSdk_ArriveAsInstrumentsWithDimensions(OtlpExportProtocol protocol)
    {
        await using var host = await TelemetryHost.StartAsync();
        using var meter = new Meter($"Test.{protocol}");
        using (var provider = Sdk.CreateMeterProviderBuilder().SetResourceBuilder(Resource()).AddMeter(meter.Name).AddOtlpExporter(options => Configure(options, host, protocol, "v1/metrics")).Build())
        {
            var (counter, histogram, gauge) = (meter.CreateCounter<long>("requests", "{request}", "What was asked"), meter.CreateHistogram<double>("duration", "s"), meter.CreateGauge<int>("depth"));
            counter.Add(3, new KeyValuePair<string, object?>("route", "/a"));
            counter.Add(4, new KeyValuePair<string, object?>("route", "/b"));
            histogram.Record(0.2);
            gauge.Record(7);
        }

        var instruments = await host.ListAsync("metrics", "instruments");
        Assert.Equal(["depth gauge 1", "duration histogram 1", "requests counter 2"], instruments.Select(one => $"{one.GetProperty("name")} {one.GetProperty("kind")} {one.GetProperty("series")}"));
        var points = await host.GetAsync($"metrics/points?resource=service&scope=Test.{protocol}&name=requests&attribute=route=/b");
        Assert.Equal(4, points.GetProperty("total").GetProperty("values").EnumerateArray().Last(value => value.ValueKind == System.Text.Json.JsonValueKind.Number).GetDouble());
        Assert.Equal("""[{"key":"route","values":["/a","/b"]}]""", points.GetProperty("dimensions").GetRawText());
    }

    private static ResourceBuilder Resource() => ResourceBuilder.CreateEmpty().AddService("service", serviceInstanceId: "service-1");

    private static void Configure(OtlpExporterOptions options, TelemetryHost host, OtlpExportProtocol protocol, string path)
    {
        options.Protocol = protocol;
        options.Endpoint = protocol == OtlpExportProtocol.Grpc ? host.Receivers.Grpc! : new Uri(host.Receivers.Http!, path);
        options.Headers = $"x-otlp-api-key={TelemetryHost.Key}";
    }
}
