using System.Net.Http.Headers;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

/// <summary>An agent that speaks the feed's HTTP protocol and nothing else.</summary>
public sealed class TestAgent : IAsyncDisposable
{
    private readonly HttpClient _client;

    private TestAgent(HttpClient client, AgentId id, string type, AgentRegistered registered) => (_client, Id, Type, Registered) = (client, id, type, registered);

    public AgentId Id { get; }

    public string Type { get; }

    public AgentRegistered Registered { get; }

    public HttpClient Client => _client;

    public static async Task<TestAgent> RegisterAsync(OrchestratorHost host, string type, string? joinToken = null, int concurrency = 100)
    {
        var client = new HttpClient { BaseAddress = host.Address, Timeout = TimeSpan.FromSeconds(60) };
        if (joinToken is not null)
        {
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", joinToken);
        }

        var id = AgentId.New(type, Random.Shared);
        var registration = new AgentRegistration { AgentId = id, AgentType = type, Version = "1.0.0", MaxConcurrency = concurrency };
        var registered = await client.PostAsync("/api/v1/agents", Answers.Of(registration)).ValueAsync<AgentRegistered>();
        client.DefaultRequestHeaders.Authorization = registered.Token is { } token ? new AuthenticationHeaderValue("Bearer", token) : null;
        return new TestAgent(client, id, type, registered);
    }

    public Task<List<TaskEnvelope>> ClaimAsync(int most = 1, int waitMs = 20_000) =>
        _client.PostAsync("/api/v1/tasks/claim", Answers.Of(new TaskClaim { AgentId = Id, AgentType = Type, MaxTasks = most, WaitMs = waitMs })).ValueAsync<List<TaskEnvelope>>();

    public async Task<TaskEnvelope> ClaimOneAsync() => Assert.Single(await ClaimAsync());

    public async Task<ResultReceipt> ReportAsync(TaskId taskId, StageOutcome outcome, WorkspaceChange? change = null)
    {
        var result = new ResultEnvelope { TaskId = taskId, AgentId = Id, Outcome = outcome, Change = change };
        return Assert.Single(await _client.PostAsync("/api/v1/tasks/results", Answers.Of(new[] { result })).ValueAsync<List<ResultReceipt>>());
    }

    public Task<ResultReceipt> CompleteAsync(TaskId taskId, string output = """{"done":true}""") =>
        ReportAsync(taskId, new StageOutcome.Completed { Output = JsonPayload.Parse(output) });

    public Task<ResultReceipt> FailAsync(TaskId taskId, bool retryable = false) =>
        ReportAsync(taskId, new StageOutcome.Failed { Error = new StructuredError { Code = "broken", Message = "It broke.", Category = ErrorCategory.Execution, Retryable = retryable } });

    public Task<HeartbeatReply> BeatAsync(int waitMs = 0, params TaskId[] running) =>
        _client.PostAsync($"/api/v1/agents/{Id}/heartbeat", Answers.Of(new AgentHeartbeat { AgentId = Id, Running = running, WaitMs = waitMs })).ValueAsync<HeartbeatReply>();

    public async ValueTask DisposeAsync()
    {
        using var answer = await _client.PostAsync($"/api/v1/agents/{Id}/deregister", null);
        _client.Dispose();
    }
}
