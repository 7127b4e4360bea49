using System.Net;
using System.Text.Json;
using Aspire.Hosting.Offline;

namespace Stack.Tests.AppHost.Offline.Telemetry.Api;

public sealed class TelemetryEndpointsTests
{
    [Fact]
    public async Task Resources_ThatSentSomething_AreCounted()
    {
        await using var host = await TelemetryHost.StartAsync();
        host.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("server", OtlpMessage.Log("1"), OtlpMessage.Log("2", 13), OtlpMessage.Log("3", 17), OtlpMessage.Log("4", 21)));
        host.Store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("server", OtlpMessage.Span(1, 1, "s", status: 2)));

        var resource = Assert.Single(await host.ListAsync("resources", "resources"));

        Assert.Equal("server server-1 4 2 1 1 1 0", string.Join(' ', new[] { "name", "instance", "logs", "errors", "warnings", "spans", "span_errors", "series" }.Select(name => resource.GetProperty(name).ToString())));
    }

    [Fact]
    public async Task Answer_ToWhatIsNotThere_SaysSo()
    {
        await using var host = await TelemetryHost.StartAsync();

        foreach (var path in new[] { "logs/5", $"traces/{1:x32}", "traces/nonsense", "metrics/points?resource=a&name=b" })
        {
            using var answer = await host.Api.GetAsync($"/api/telemetry/{path}");
            Assert.Equal((path, HttpStatusCode.NotFound), (path, answer.StatusCode));
        }
        using var bad = await host.Api.GetAsync("/api/telemetry/logs?severity=loud");
        Assert.Equal((HttpStatusCode.BadRequest, "application/problem+json"), (bad.StatusCode, bad.Content.Headers.ContentType!.MediaType));
        Assert.Contains("warning", await bad.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clear_OverHttp_ForgetsASignal()
    {
        await using var host = await TelemetryHost.StartAsync();
        host.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("1")));
        host.Store.Add(TelemetrySignal.Traces, OtlpMessage.Traces("a", OtlpMessage.Span(1, 1, "s")));

        using var answer = await host.Api.PostAsync("/api/telemetry/clear?resource=a&signal=logs", null);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Empty(await host.ListAsync("logs", "logs"));
        Assert.Single(await host.ListAsync("traces", "traces"));
    }

    [Fact]
    public async Task Points_OfAHistogram_HavePercentilesAndCounts()
    {
        await using var host = await TelemetryHost.StartAsync();
        var now = TelemetryTime.From(TimeProvider.System.GetUtcNow());
        host.Store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics("a", OtlpMessage.Histogram("h", now - 20_000_000_000, 0, [0, 0, 0], [1, 2])));
        host.Store.Add(TelemetrySignal.Metrics, OtlpMessage.Metrics("a", OtlpMessage.Histogram("h", now, 20, [10, 10, 0], [1, 2])));

        var points = await host.GetAsync("metrics/points?resource=a&name=h&window=100&points=2&percentiles=50");

        var total = points.GetProperty("total");
        Assert.Equal(20, total.GetProperty("count").EnumerateArray().Sum(count => count.ValueKind == JsonValueKind.Null ? 0 : count.GetDouble()));
        Assert.Equal(1, Math.Round(total.GetProperty("percentiles").GetProperty("50")[1].GetDouble(), 6));
        Assert.Equal(("histogram", "s", 2), (points.GetProperty("kind").GetString(), points.GetProperty("unit").GetString(), points.GetProperty("times").GetArrayLength()));
    }

    [Fact]
    public async Task Changes_WhileSomebodyListens_AreTold()
    {
        await using var host = await TelemetryHost.StartAsync();
        using var reader = new StreamReader(await host.Api.GetStreamAsync("/api/telemetry/changes"));
        Assert.Equal("event: change", await reader.ReadLineAsync(TestApplication.Deadline));
        Assert.Contains("\"logs\":0", await reader.ReadLineAsync(TestApplication.Deadline), StringComparison.Ordinal);

        host.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("1")));

        await reader.ReadLineAsync(TestApplication.Deadline);
        Assert.Equal("event: change", await reader.ReadLineAsync(TestApplication.Deadline));
        Assert.Contains("\"logs\":1", await reader.ReadLineAsync(TestApplication.Deadline), StringComparison.Ordinal);
    }

    [Fact]
    public async Task LiveLogs_FromAnId_AreThatAndWhatComes()
    {
        await using var host = await TelemetryHost.StartAsync();
        host.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("0", 17), OtlpMessage.Log("1", 17), OtlpMessage.Log("2"), OtlpMessage.Log("3", 17)));
        using var reader = new StreamReader(await host.Api.GetStreamAsync("/api/telemetry/logs/live?severity=error&after=0"));

        Assert.Equal(("id: 1", "1"), await EventAsync(reader));
        Assert.Equal(("id: 3", "3"), await EventAsync(reader));
        host.Store.Add(TelemetrySignal.Logs, OtlpMessage.Logs("a", OtlpMessage.Log("4"), OtlpMessage.Log("5", 17)));
        Assert.Equal(("id: 5", "5"), await EventAsync(reader));
    }

    private static async Task<(string? Id, string? Message)> EventAsync(StreamReader reader)
    {
        var (id, name, content) = (await reader.ReadLineAsync(TestApplication.Deadline), await reader.ReadLineAsync(TestApplication.Deadline), await reader.ReadLineAsync(TestApplication.Deadline));
        Assert.Equal("event: log", name);
        await reader.ReadLineAsync(TestApplication.Deadline);
        using var line = JsonDocument.Parse(content!["data: ".Length..]);
        return (id, line.RootElement.GetProperty("message").GetString());
    }
}
