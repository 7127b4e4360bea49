using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Stack.Checks.Processes;
using Stack.Contracts;
using Xunit.Abstractions;

namespace Stack.Tests.EndToEnd;

/// <summary>The orchestrator's process is killed while approvals are decided and executed; each is executed exactly once, whoever clicks how often.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class KillApprovalsTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const int Raises = 24;
    private const int Plans = 8;
    private const int Kills = 3;
    private static readonly TimeSpan s_ready = TimeSpan.FromSeconds(60);

    private readonly string _directory = Directory.CreateTempSubdirectory("stack-approvals-").FullName;
    private readonly Uri _address = new($"http://127.0.0.1:{FreePort.Next()}/");
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(30) };
    private KeptProcess? _process;

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync()
    {
        _process?.Dispose();
        _client.Dispose();
        Folders.Remove(_directory);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Kill_WhileDecisionsAreExecuted_EachEffectHappensExactlyOnce()
    {
        _client.BaseAddress = _address;
        var random = new Random(20261121);
        await StartAsync();
        var asked = await AskAsync();
        var clicking = Task.WhenAll(asked.Select(ClickUntilDecidedAsync));
        for (var kill = 0; kill < Kills; kill++)
        {
            await Task.Delay(random.Next(20, 250));
            _process!.Kill();
            _process.Dispose();
            await StartAsync();
        }

        var decided = await clicking;
        await Answering.TrueAsync(
            async () => (await ListAsync("approved")).All(approval => approval.Decision!.Execution is not null), s_ready, () => "Something that was approved was never executed.");

        // Everybody clicks once more.
        await Task.WhenAll(asked.Select(ClickUntilDecidedAsync));
        Assert.All(await ListAsync("approved"), approval => Assert.True(approval.Decision!.Execution!.Succeeded, approval.Decision.Execution.Message));
        Assert.Equal(Raises + Plans, (await ListAsync("approved")).Count);
        Assert.Empty(await ListAsync("open"));
        Assert.Equal(Plans, (await _client.GetFromJsonAsync<WorkflowList>("/api/v1/workflows?definition=app&limit=500", StackJson.Options))!.Workflows.Count);
        var budgets = (await _client.GetFromJsonAsync<UsageList>("/api/v1/usage?prefix=key/", StackJson.Options))!.Budgets;
        Assert.Equal(Raises, budgets.Count(budget => budget.IsSet));
        foreach (var approval in asked)
        {
            var events = (await _client.GetFromJsonAsync<EventList>($"/api/v1/workflows/{approval.WorkflowId}/events?limit=1000", StackJson.Options))!.Events;
            Assert.Single(events, happened => happened.Type == "stage.approved");
            Assert.Single(events, happened => happened.Type == "stage.effect_executed");
            Assert.Single(events, happened => happened.Type == "stage.completed");
        }

        output.WriteLine($"{Kills} kills; {decided.Sum()} clicks for {asked.Count} approvals.");
    }

    private async Task StartAsync()
    {
        _process = await KeptProcess.StartAsync(_directory, "Orchestrator", "Stack.Orchestrator.dll", new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = _address.ToString(),
            ["Stack__DataDirectory"] = Path.Combine(_directory, "data"),
        });
        await Answering.TrueAsync(
            async () => (await _client.GetAsync("/health/ready")).IsSuccessStatusCode, s_ready, () => "The orchestrator did not become ready: " + File.ReadAllText(Path.Combine(_directory, "out.log")));
    }

    private async Task<List<ApprovalResource>> AskAsync()
    {
        var asking = new List<Task<HttpResponseMessage>>();
        for (var number = 1; number <= Raises; number++)
        {
            var effect = JsonSerializer.Serialize(new { kind = "budget_increase", budget = $"key/k{number}/2026-01-01", limits = new { money = number } });
            asking.Add(PostAsync("/api/v1/workflows", $$"""{"definition":"effect","project_requirements":"More money","input":{{effect}}}"""));
        }

        for (var number = 1; number <= Plans; number++)
        {
            asking.Add(PostAsync("/api/v1/request", $$"""{"request":"A calculator web API, number {{number}}","model":"builtin"}"""));
        }

        Assert.All(await Task.WhenAll(asking), answer => Assert.Equal(HttpStatusCode.Created, answer.StatusCode));
        return [.. await ListAsync("open")];
    }

    // A person who gets no answer clicks again, with what they saw.
    private async Task<int> ClickUntilDecidedAsync(ApprovalResource seen)
    {
        for (var clicks = 1; ; clicks++)
        {
            try
            {
                using var answer = await PostAsync($"/api/v1/approvals/{seen.Id}/decision", $$"""{"decision":"approve","expected_hash":"{{seen.EffectHash}}"}""");
                if (answer.IsSuccessStatusCode)
                {
                    return clicks;
                }

                Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
            }
            catch (HttpRequestException)
            {
                // The process was killed, or is not back.
            }

            Assert.True(clicks < 600, "Nobody answers.");
            await Task.Delay(50);
        }
    }

    private async Task<IReadOnlyList<ApprovalResource>> ListAsync(string status) => (await _client.GetFromJsonAsync<ApprovalList>($"/api/v1/approvals?status={status}&limit=500", StackJson.Options))!.Approvals;

    private Task<HttpResponseMessage> PostAsync(string path, string json) => _client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
}
