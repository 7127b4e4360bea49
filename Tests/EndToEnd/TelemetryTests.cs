using System.Globalization;
using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.Offline;
using Aspire.Hosting.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Stack.Contracts;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>What the services of the true application host tell about themselves while they work.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class TelemetryTests(ITestOutputHelper output)
{
    private static readonly string[] Services = ["orchestrator", "scaffold-agent", "validation-agent", "e2e-agent", "integration-agent", "deployment-agent"];

    [Fact]
    public async Task Workflow_ThroughTheStack_IsOneTraceWithLogsAndMetrics()
    {
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(
            ["--infrastructure", "embedded", "--dashboard-port", "0"], (options, _) => options.DisableDashboard = false);
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        var store = app.Services.GetRequiredService<TelemetryStore>();
        await Task.WhenAll(Services.Select(name => app.ResourceNotifications.WaitForResourceHealthyAsync(name).WaitAsync(TimeSpan.FromSeconds(60))));
        using var client = app.CreateHttpClient("orchestrator");
        using var response = await client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = "A calculator web API with add and subtract" }, StackJson.Options);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());

        await Eventually.TrueAsync(
            () => Task.FromResult(WorkflowTrace(store) is not null),
            () => string.Join(Environment.NewLine, Traces(store)),
            TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => Services.All(name => store.Read(ResourceList.Of).Resources.Any(resource => resource.Name == name && resource is { Logs: > 0, Series: > 0 })), "every service sends logs and metrics");

        var status = TelemetryStatus.Of(store, app.Services.GetRequiredService<TelemetryReceivers>());
        output.WriteLine($"{status}");
        output.WriteLine(string.Join(Environment.NewLine, store.Read(ResourceList.Of).Resources.Select(resource => $"{resource.Name} {resource.Instance}: {resource.Logs} logs, {resource.Spans} spans, {resource.Series} series")));
        var trace = WorkflowTrace(store)!;
        output.WriteLine(string.Join(Environment.NewLine, trace.Spans.Select(span => $"{new string(' ', span.Depth * 2)}{span.Resource} {span.Kind} {span.Name} {span.DurationMs:F1} ms, {span.LogIds.Count} logs")));
        output.WriteLine(string.Join(Environment.NewLine, Traces(store).GroupBy(trace => trace.Name).OrderByDescending(group => group.Sum(trace => trace.Spans)).Select(group => $"{group.Count()} × {group.Key}: {group.Sum(trace => trace.Spans)} spans")));
        Assert.Equal("POST /api/v1/workflows", trace.Name);
        Assert.Contains(trace.Spans, span => span is { Resource: "orchestrator", Depth: > 2 } && span.Name.StartsWith("POST /v1/chat/completions", StringComparison.Ordinal));
        Assert.Equal(0, status.RejectedRequests);
        Assert.Equal("writing", status.Disk.State);
    }

    // From the submission at the orchestrator to the attempt at an agent.
    private static TraceDetails? WorkflowTrace(TelemetryStore store) => Traces(store)
        .Where(trace => trace is { IsComplete: true, Resource: "orchestrator" } && trace.Resources.Any(share => share.Name == "scaffold-agent"))
        .Select(trace => store.Read(content => TraceDetails.Find(content, UInt128.Parse(trace.TraceId, NumberStyles.HexNumber, CultureInfo.InvariantCulture))))
        .FirstOrDefault(trace => trace!.Spans.Any(span => span is { Resource: "scaffold-agent", Name: "scaffolding attempt" }));

    private static IReadOnlyList<TraceLine> Traces(TelemetryStore store) =>
        store.Read(content => TraceQuery.Read(new TelemetryQuery(new QueryCollection())).Newest(content, 1_000)).Traces;
}
