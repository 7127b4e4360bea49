using System.Globalization;
using System.Net.Http.Json;
using System.Text;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Stores.Postgres;
using Stack.Tests.Servers;

namespace Stack.Tests.EndToEnd;

/// <summary>Orchestrators and agents in processes of their own on one PostgreSQL, killed and added under load.</summary>
[NeedsServer("postgresql")]
[Collection(EndToEndCollection.Name)]
public class SeveralOrchestratorsTests : IAsyncLifetime
{
    private const int Workflows = 300;
    private static readonly TimeSpan Ready = TimeSpan.FromSeconds(60);
    private readonly string _directory = Directory.CreateTempSubdirectory("stack-several-").FullName;
    private readonly Uri[] _addresses = [.. Enumerable.Range(0, 3).Select(_ => new Uri($"http://127.0.0.1:{FreePort.Next()}/"))];
    private readonly List<KeptProcess> _processes = [];
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private PostgresDatabase? _database;

    /// <summary>Other servers that both sides are given.</summary>
    protected virtual IReadOnlyDictionary<string, string> Servers { get; } = new Dictionary<string, string>();

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        _processes.ForEach(process => process.Dispose());
        _client.Dispose();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        Folders.Remove(_directory);
    }

    [ServerFact]
    public async Task Kill_OneOfTwoUnderLoadAndAddAThird_AllCompleteAndNoStageTwice()
    {
        _database = await PostgresDatabase.CreateAsync();
        var first = await StartOrchestratorAsync(0);
        await StartOrchestratorAsync(1);
        await StartAgentAsync("first");
        await StartAgentAsync("second");
        await ApplyDefinitionAsync();

        var submitting = SubmitAsync();
        await Answering.TrueAsync(async () => (await ListAsync(1, "completed")).Count > 0, Ready, () => "Nothing was completed.");
        first.Kill();
        await StartOrchestratorAsync(2);
        var submitted = await submitting;

        await Answering.TrueAsync(async () => (await ListAsync(2, "running")).Count == 0, TimeSpan.FromMinutes(2), () => "Not every workflow ended." + Logs());
        Assert.Equal(Workflows, submitted.Distinct().Count());
        foreach (var id in submitted)
        {
            var events = (await _client.GetFromJsonAsync<EventList>(new Uri(_addresses[1], $"/api/v1/workflows/{id}/events?limit=1000"), StackJson.Options))!.Events;
            Assert.Single(events, happened => happened.Type == "workflow.completed");
            Assert.Equal(["step1", "step2", "step3", "step4", "step5"], events.Where(happened => happened.Type == "stage.completed").Select(happened => happened.Stage));
        }
    }

    private async Task<KeptProcess> StartOrchestratorAsync(int index)
    {
        var process = await KeptProcess.StartAsync(Path.Combine(_directory, $"orchestrator{index}"), "Orchestrator", "Stack.Orchestrator.dll", new Dictionary<string, string>(Servers)
        {
            ["ASPNETCORE_URLS"] = _addresses[index].ToString(),
            ["ConnectionStrings__stackdb"] = _database!.Address,
            ["Stack__DataDirectory"] = Path.Combine(_directory, $"orchestrator{index}", "data"),
            ["Stack__SharedDirectory"] = Path.Combine(_directory, "shared"),
        });
        _processes.Add(process);
        await Answering.TrueAsync(async () => (await _client.GetAsync(new Uri(_addresses[index], "/health/ready"))).IsSuccessStatusCode, Ready, () => $"Orchestrator {index} did not become ready." + Logs());
        return process;
    }

    private async Task StartAgentAsync(string name) => _processes.Add(await KeptProcess.StartAsync(Path.Combine(_directory, name), "Agents", "Stack.Agents.dll", new Dictionary<string, string>(Servers)
    {
        ["Stack__OrchestratorUrl"] = string.Join(';', _addresses.Select(address => address.ToString())),
        ["Stack__DataDirectory"] = Path.Combine(_directory, name, "data"),
        ["Agent__Type"] = "noop",
        ["Agent__MaxConcurrency"] = "32",
    }));

    private async Task ApplyDefinitionAsync()
    {
        var text = new StringBuilder("name: several\nstages:\n");
        for (var step = 1; step <= 5; step++)
        {
            text.Append(CultureInfo.InvariantCulture, $"  - name: step{step}\n    agent: noop\n    workspace: false\n    needs: [{(step == 1 ? "" : $"step{step - 1}")}]\n");
        }

        using var content = new StringContent(text.ToString(), Encoding.UTF8, "application/yaml");
        using var response = await _client.PostAsync(new Uri(_addresses[0], "/api/v1/definitions"), content);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    // Each under a key of its own, at whichever orchestrator answers, until one does.
    private async Task<WorkflowId[]> SubmitAsync()
    {
        using var few = new SemaphoreSlim(16);
        return await Task.WhenAll(Enumerable.Range(0, Workflows).Select(async number =>
        {
            await few.WaitAsync();
            try
            {
                for (var tries = 0; ; tries++)
                {
                    try
                    {
                        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_addresses[(number + tries) % 2], "/api/v1/workflows"));
                        request.Headers.Add("Idempotency-Key", $"several-{number}");
                        request.Content = JsonContent.Create(new SubmitWorkflowRequest { ProjectRequirements = "Five steps.", Definition = "several" }, options: StackJson.Options);
                        using var response = await _client.SendAsync(request);
                        if (response.IsSuccessStatusCode)
                        {
                            return (await response.Content.ReadFromJsonAsync<WorkflowResource>(StackJson.Options))!.Id;
                        }
                    }
                    catch (HttpRequestException)
                    {
                        // It was killed; the other one takes it.
                    }

                    Assert.True(tries < 100, "Nobody takes submissions." + Logs());
                    await Task.Delay(50);
                }
            }
            finally
            {
                few.Release();
            }
        }));
    }

    private async Task<IReadOnlyList<WorkflowResource>> ListAsync(int index, string status) =>
        (await _client.GetFromJsonAsync<WorkflowList>(new Uri(_addresses[index], $"/api/v1/workflows?status={status}&limit=1"), StackJson.Options))!.Workflows;

    private string Logs() => string.Join(Environment.NewLine, Directory.GetFiles(_directory, "out.log", SearchOption.AllDirectories).Select(file => $"{Environment.NewLine}{file}: {File.ReadAllText(file)}"));
}
