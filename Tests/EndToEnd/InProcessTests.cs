using System.Net.Http.Json;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Stack.Contracts;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>The true application host, started by this process with Aspire's testing builder.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class InProcessTests(ITestOutputHelper output)
{
    [Fact]
    public async Task StartAsync_TheWholeStack_TakesAWorkflowThroughItsFirstStages()
    {
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        await using var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(["--infrastructure", "embedded"]);
        await using var app = await builder.BuildAsync();
        await app.StartAsync();
        foreach (var name in new[] { "orchestrator", "scaffold-agent", "validation-agent", "e2e-agent", "integration-agent", "deployment-agent" })
        {
            await app.ResourceNotifications.WaitForResourceHealthyAsync(name).WaitAsync(TimeSpan.FromSeconds(60));
        }

        output.WriteLine($"All healthy after {System.Diagnostics.Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s.");
        using var client = app.CreateHttpClient("orchestrator");
        using var response = await client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = "A calculator web API with add and subtract" }, StackJson.Options);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        var workflow = await response.Content.ReadFromJsonAsync<WorkflowResource>(StackJson.Options);
        await Eventually.TrueAsync(
            async () => (await client.GetFromJsonAsync<WorkflowResource>($"/api/v1/workflows/{workflow!.Id}", StackJson.Options))!.Stages?.Any(
                stage => stage.Name == "scaffolding" && stage.Status == StageStatus.Completed) == true,
            "the scaffolding stage is completed",
            seconds: 60);
    }
}
