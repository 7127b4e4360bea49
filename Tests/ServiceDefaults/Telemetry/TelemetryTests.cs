using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Stack.Tests.ServiceDefaults.Telemetry;

public sealed class TelemetryTests
{
    private static readonly ActivitySource Source = new("Stack.Tests.Telemetry");
    private static readonly Meter Meter = new("Stack.Tests.Telemetry");
    private static readonly Counter<int> Counter = Meter.CreateCounter<int>("stack.tests.counted");

    [Fact]
    public async Task Start_NoEndpoint_NoProviderYetOneTraceAcrossServices()
    {
        string? received = null;
        await using var upstream = await TestService.StartAsync(map: app => app.MapGet("/trace", (Microsoft.AspNetCore.Http.HttpContext context) =>
        {
            received = context.Request.Headers.TraceParent;
            return Activity.Current?.Id;
        }));
        await using var service = await TestService.StartAsync();
        using var client = service.DefaultClient();

        using var activity = Source.StartActivity("submit");
        var seen = await client.GetStringAsync(new Uri(upstream.Address, "/trace"));

        Assert.Null(service.Services.GetService<TracerProvider>());
        Assert.Null(service.Services.GetService<MeterProvider>());
        Assert.NotNull(activity);
        Assert.Contains(activity.TraceId.ToHexString(), received, StringComparison.Ordinal);
        Assert.EndsWith("-01", received, StringComparison.Ordinal);
        Assert.Contains(activity.TraceId.ToHexString(), seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("grpc")]
    [InlineData("http/protobuf")]
    public async Task Stop_EndpointSet_TracesMetricsAndLogsAreFlushedWithHeadersAndName(string protocol)
    {
        await using var receiver = await OtlpReceiver.StartAsync(protocol == "grpc");
        await using var upstream = await TestService.StartAsync(map: app => app.MapGet("/pong", () => "pong"));
        ActivityTraceId trace;
        await using (var service = await TestService.StartAsync(Settings(receiver, protocol), map: app => app.MapGroup("/found").MapGet("/{id}", (string id) => id)))
        {
            using (var activity = Source.StartActivity("submit-for-export"))
            {
                trace = activity!.TraceId;
                using var client = service.DefaultClient();
                await client.GetStringAsync(new Uri(upstream.Address, "/pong?key=hidden"));
                Counter.Add(1);
            }

            (await service.Client.GetAsync("/health/live")).Dispose();
            (await service.Client.GetAsync("/not-there")).Dispose();
            (await service.Client.GetAsync("/found/7")).Dispose();
            await service.StopAsync();
        }

        var traces = receiver.AllOf("race");
        Assert.Contains("submit-for-export", traces, StringComparison.Ordinal);
        Assert.Contains(Encoding.Latin1.GetString(Convert.FromHexString(trace.ToHexString())), traces, StringComparison.Ordinal);
        Assert.Contains("orchestrator-under-test", traces, StringComparison.Ordinal);
        Assert.Contains("replica-7", traces, StringComparison.Ordinal);
        Assert.Contains("/not-there", traces, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", traces, StringComparison.Ordinal);
        Assert.Contains("GET /found/{id}", traces, StringComparison.Ordinal);
        Assert.Contains("stack.tests.counted", receiver.AllOf("etrics"), StringComparison.Ordinal);
        Assert.Contains("Application started", receiver.AllOf("ogs"), StringComparison.Ordinal);
        Assert.All(receiver.Received, one => Assert.Equal("secret-key", one.ApiKey));
    }

    [Fact]
    public async Task Stop_OnlyProbesWereAnswered_NoSpanOfThemIsExported()
    {
        await using var receiver = await OtlpReceiver.StartAsync(grpc: false);
        await using (var service = await TestService.StartAsync(Settings(receiver, "http/protobuf")))
        {
            foreach (var path in new[] { "/health", "/health/live", "/health/ready", "/alive" })
            {
                (await service.Client.GetAsync(path)).Dispose();
            }

            await service.StopAsync();
        }

        Assert.DoesNotContain("/health", receiver.AllOf("race"), StringComparison.Ordinal);
        Assert.DoesNotContain("/alive", receiver.AllOf("race"), StringComparison.Ordinal);
        Assert.NotEmpty(receiver.AllOf("ogs"));
    }

    private static Dictionary<string, string?> Settings(OtlpReceiver receiver, string protocol) => new()
    {
        ["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Address,
        ["OTEL_EXPORTER_OTLP_PROTOCOL"] = protocol,
        ["OTEL_EXPORTER_OTLP_HEADERS"] = "x-otlp-api-key=secret-key",
        ["OTEL_SERVICE_NAME"] = "orchestrator-under-test",
        ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=replica-7",
    };
}
