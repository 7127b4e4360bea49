using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Tests.EndToEnd;

/// <summary>Many workflows at once, through an orchestrator and an agent host in processes of their own.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class BurstTests : IDisposable
{
    private const int Workflows = 500;
    private readonly string _directory = Directory.CreateTempSubdirectory("stack-burst-").FullName;
    private readonly List<Process> _processes = [];
    private readonly HttpClient _client = new() { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}"), Timeout = TimeSpan.FromSeconds(60) };

    [Fact]
    public async Task Submit_FiveHundredWorkflowsAtOnceWhileTheAgentDies_AllCompleteAndNoStageTwice()
    {
        Start("Orchestrator", "Stack.Orchestrator.dll", ("ASPNETCORE_URLS", _client.BaseAddress!.ToString()), ("Stack__DataDirectory", Path.Combine(_directory, "orchestrator")));
        await Answering.TrueAsync(async () => (await _client.GetAsync("/health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(30), () => "The orchestrator did not become ready.");
        await ApplyDefinitionAsync();
        var agent = StartAgent("first");

        var submitted = await Task.WhenAll(Enumerable.Range(0, Workflows).Select(_ => SubmitAsync()));
        agent.Kill();
        StartAgent("second");

        await Answering.TrueAsync(
            async () => (await ListAsync("running")).Count == 0,
            TimeSpan.FromMinutes(2),
            () => "Not every workflow ended.");
        Assert.Equal(Workflows, submitted.Distinct().Count());
        foreach (var id in submitted)
        {
            var events = await _client.GetFromJsonAsync<EventList>($"/api/v1/workflows/{id}/events?limit=1000", StackJson.Options);
            Assert.Single(events!.Events, happened => happened.Type == "workflow.completed");
            Assert.Equal(["step1", "step2", "step3", "step4", "step5"], events.Events.Where(happened => happened.Type == "stage.completed").Select(happened => happened.Stage));
        }
    }

    public void Dispose()
    {
        foreach (var process in _processes)
        {
            process.Kill(entireProcessTree: true);
            process.WaitForExit(10_000);
            process.Dispose();
        }

        _client.Dispose();
        Folders.Remove(_directory);
    }

    private Process StartAgent(string name) => Start(
        "Agents",
        "Stack.Agents.dll",
        ("ASPNETCORE_URLS", $"http://127.0.0.1:{FreePort.Next().ToString(CultureInfo.InvariantCulture)}"),
        ("Stack__OrchestratorUrl", _client.BaseAddress!.ToString()),
        ("Stack__DataDirectory", Path.Combine(_directory, name)),
        ("Agent__Type", "noop"),
        ("Agent__MaxConcurrency", "64"));

    private Process Start(string project, string assembly, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("dotnet", Programs.PathOf(project, assembly)) { WorkingDirectory = _directory };
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        _processes.Add(process);
        return process;
    }

    private async Task ApplyDefinitionAsync()
    {
        var text = new StringBuilder("name: burst\nstages:\n");
        for (var step = 1; step <= 5; step++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: step{step}\n    agent: noop\n    workspace: false\n    needs: [{(step == 1 ? "" : $"step{step - 1}")}]\n");
        }

        using var content = new StringContent(text.ToString(), Encoding.UTF8, "application/yaml");
        using var response = await _client.PostAsync("/api/v1/definitions", content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    private async Task<WorkflowId> SubmitAsync()
    {
        using var response = await _client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = "Five steps.", Definition = "burst" }, StackJson.Options);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<WorkflowResource>(StackJson.Options))!.Id;
    }

    private async Task<IReadOnlyList<WorkflowResource>> ListAsync(string status) =>
        (await _client.GetFromJsonAsync<WorkflowList>($"/api/v1/workflows?status={status}&limit=1", StackJson.Options))!.Workflows;
}
