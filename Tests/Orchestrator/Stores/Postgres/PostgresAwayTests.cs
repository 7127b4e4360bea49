using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

/// <summary>The real orchestrator while its database is away: it says so, takes nothing that it cannot keep, and goes on by itself.</summary>
[NeedsServer("postgresql")]
public sealed class PostgresAwayTests : IAsyncLifetime
{
    private PostgresServer? _server;
    private PostgresDatabase? _database;

    private PostgresServer Server => _server!;

    public async Task InitializeAsync()
    {
        _server = await PostgresServer.StartAsync();
        _database = await PostgresDatabase.CreateAsync(_server);
    }

    public async Task DisposeAsync()
    {
        await Server.DisposeAsync();
    }

    [ServerFact]
    public async Task Api_DatabaseAwayWhileAnAgentWorks_AnswersLaterAndCountsTheResultWhenItIsBack()
    {
        await using var host = await OrchestratorHost.StartAsync($"ConnectionStrings:stackdb={_database!.Address}");
        var definition = await host.DefineAsync(stages: 2);
        await using var agent = await TestAgent.RegisterAsync(host, definition);
        var workflow = await host.SubmitAsync(definition);
        var task = await agent.ClaimOneAsync();

        await Server.StopAsync();
        await AnswersLaterAsync(() => host.Client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = "Do it", Definition = definition }, StackJson.Options));
        await AnswersLaterAsync(() => host.Client.GetAsync("/api/v1/workflows"));
        var result = new ResultEnvelope { TaskId = task.TaskId, AgentId = agent.Id, Outcome = new StageOutcome.Completed { Output = JsonPayload.EmptyObject } };
        await AnswersLaterAsync(() => agent.Client.PostAsync("/api/v1/tasks/results", Answers.Of(new[] { result })));
        using (var ready = await host.Client.GetAsync("/health/ready"))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, ready.StatusCode);
            var text = System.Text.RegularExpressions.Regex.Unescape(await ready.Content.ReadAsStringAsync());
            Assert.Contains($"Postgres database '{_database.Name}' on 127.0.0.1:{Server.Port}", text, StringComparison.Ordinal);
        }

        await Server.StartAsync();
        await Eventually.TrueAsync(async () => (await host.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "the orchestrator is ready again", 30);
        Assert.Equal(ReceiptStatus.Accepted, (await agent.CompleteAsync(task.TaskId)).Status);
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        await host.UntilAsync(workflow.Id, shown => shown.Status is WorkflowStatus.Completed, "the workflow completes");
        await PostgresInvariants.VerifyAsync(_database);
    }

    [ServerFact]
    public async Task Start_DatabaseAway_WaitsUntilItComes()
    {
        await Server.StopAsync();
        var starting = OrchestratorHost.StartAsync($"ConnectionStrings:stackdb={_database!.Address}");
        Assert.NotSame(starting, await Task.WhenAny(starting, Task.Delay(TimeSpan.FromSeconds(2))));
        await Server.StartAsync();
        await using var host = await starting.WaitAsync(TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(async () => (await host.Client.GetAsync("/health/ready")).IsSuccessStatusCode, "the orchestrator is ready", 30);
        Assert.Equal("postgres", (await host.Client.GetAsync("/api/v1/info").ValueAsync<System.Text.Json.JsonElement>()).GetProperty("store").GetString());
    }

    private static async Task AnswersLaterAsync(Func<Task<HttpResponseMessage>> call)
    {
        var began = Stopwatch.GetTimestamp();
        using var answer = await call();
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.NotNull(answer.Headers.RetryAfter?.Delta);
        Assert.Contains("does not answer", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }
}
