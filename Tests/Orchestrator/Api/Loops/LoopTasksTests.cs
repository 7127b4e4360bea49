using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api.Loops;

/// <summary><c>/tasks</c> against the real orchestrator, with an agent of type <c>loop</c> that is a test's.</summary>
public sealed class LoopTasksTests : IAsyncLifetime
{
    private OrchestratorHost _host = null!;
    private TestAgent _agent = null!;

    public async Task InitializeAsync()
    {
        _host = await OrchestratorHost.StartAsync();
        _agent = await TestAgent.RegisterAsync(_host, "loop");
    }

    public async Task DisposeAsync()
    {
        await _agent.DisposeAsync();
        await _host.DisposeAsync();
    }

    [Fact]
    public async Task Submit_Task_IsQueuedRunsAndCompletesWithItsHistory()
    {
        var id = await SubmitAsync(new { prompt = "Write hello", backend = "native", max_iterations = 5, context = new { customer = "ann" } });
        Assert.Equal("queued", await StatusAsync(id));

        var task = await _agent.ClaimOneAsync();
        await UntilAsync(id, "running");
        Assert.Equal(("Write hello", """{"task":{"backend":"native","max_iterations":5,"context":{"customer":"ann"}}}"""), (task.WorkflowContext.Requirements, task.WorkflowContext.Input!.ToString()));
        await IterateAsync(task, 1, FailureClass.Unproductive);
        await IterateAsync(task, 2, FailureClass.Productive);
        Assert.Equal(2, (await GetAsync($"/tasks/{id}")).GetProperty("iteration").GetInt32());
        await _agent.CompleteAsync(task.TaskId, """{"completion_reason":"success"}""");

        Assert.Equal("completed", await StatusAsync(id));
        var result = await GetAsync($"/tasks/{id}/result");
        Assert.Equal(("success", 2, 1), (result.GetProperty("completion_reason").GetString(), result.GetProperty("iterations").GetInt32(), result.GetProperty("productive").GetInt32()));
        Assert.Equal(["unproductive", "productive"], result.GetProperty("history").EnumerateArray().Select(record => record.GetProperty("class").GetString()));
        Assert.Equal("success", result.GetProperty("output").GetProperty("completion_reason").GetString());
        var stats = await GetAsync("/stats");
        Assert.Equal((1, 1, 1.0), (stats.GetProperty("total").GetInt32(), stats.GetProperty("completed").GetInt32(), stats.GetProperty("average_productive_iterations").GetDouble()));
    }

    [Fact]
    public async Task Exhausted_ResumedWithMore_KeepsTheHistoryAndGrantsTheIterations()
    {
        var id = await SubmitAsync(new { prompt = "Write hello", max_iterations = 1 });
        var first = await _agent.ClaimOneAsync();
        await IterateAsync(first, 1, FailureClass.Productive);
        await _agent.ReportAsync(first.TaskId, new StageOutcome.Failed { Error = new StructuredError { Code = "iterations_exhausted", Message = "All are used.", Category = ErrorCategory.Limit }, Output = JsonPayload.Parse("""{"completion_reason":"iterations_exhausted"}""") });
        Assert.Equal("exhausted", await StatusAsync(id));
        Assert.Equal("iterations_exhausted", (await GetAsync($"/tasks/{id}/result")).GetProperty("completion_reason").GetString());

        await _host.Client.PostAsync($"/api/v1/workflows/{id}/resume", Answers.Json("""{"iterations": 0}""")).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        await _host.Client.PostAsync($"/api/v1/workflows/{id}/resume", Answers.Json("""{"iterations": 10}""")).ValueAsync<WorkflowResource>();
        await _host.Client.PostAsync($"/api/v1/workflows/{id}/resume", Answers.Json("""{"iterations": 10}""")).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);

        var second = await _agent.ClaimOneAsync();
        Assert.Equal((10, 20), (second.ExtraIterations, second.MaxIterations));
        Assert.Equal(1, (await GetAsync($"/tasks/{id}")).GetProperty("iteration").GetInt32());
        Assert.Equal("running", await StatusAsync(id));
    }

    [Theory]
    [InlineData("true", "running")]
    [InlineData("false", "rejected")]
    public async Task Approve_TaskThatAsks_GoesOnOrIsRejected(string approved, string status)
    {
        var id = await SubmitAsync(new { prompt = "Write hello", require_approval = true });
        await _host.Client.PostAsync($"/tasks/{id}/approve?approved=true", null).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        await _agent.ReportAsync((await _agent.ClaimOneAsync()).TaskId, new StageOutcome.NeedsApproval { Prompt = "May it start?" });
        var asking = await GetAsync($"/tasks/{id}");
        Assert.Equal(("queued", true, "May it start?"), (asking.GetProperty("status").GetString(), asking.GetProperty("awaiting_approval").GetBoolean(), asking.GetProperty("message").GetString()));

        await _host.Client.PostAsync($"/tasks/{id}/approve", null).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        using var answer = await _host.Client.PostAsync($"/tasks/{id}/approve?approved={approved}&comment=well", null);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        if (approved == "true")
        {
            Assert.Equal((true, "well"), ((await _agent.ClaimOneAsync()) is { Approval: { } decision } ? (decision.Approved, decision.Comment) : (false, null)));
        }

        await UntilAsync(id, status);
    }

    [Fact]
    public async Task Approve_BySomeoneWhoMayNot_Is403AndNames()
    {
        await using var host = await OrchestratorHost.StartAsync("Stack:ApiKeys:ann=ann-ann-ann-ann-ann", "Stack:ApiKeys:bob:Key=bob-bob-bob-bob-bob", "Stack:ApiKeys:bob:Scope=write");
        using var ann = host.ClientWith("ann-ann-ann-ann-ann");
        using var bob = host.ClientWith("bob-bob-bob-bob-bob");
        using var defined = await ann.PostAsync("/api/v1/definitions", Answers.Yaml("name: gated-loop\nstages: [{name: s1, agent: loop, workspace: false, approval: {prompt: Go?, deciders: [ann]}}]"));
        var accepted = await bob.PostAsync("/tasks", Answers.Json("""{"prompt": "Write hello", "definition": "gated-loop"}""")).ValueAsync<JsonElement>(HttpStatusCode.Accepted);
        var path = $"/tasks/{accepted.GetProperty("task_id").GetString()}/approve?approved=true";

        var refused = await bob.PostAsync(path, null).ProblemAsync(HttpStatusCode.Forbidden, ProblemTypes.Forbidden);
        Assert.Contains("'bob' may not decide this; ann may.", refused.Detail, StringComparison.Ordinal);
        using var answer = await ann.PostAsync(path, null);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Stop_RunningTask_IsStoppedAtOnceAndKeepsItsHistory()
    {
        var id = await SubmitAsync(new { prompt = "Write hello" });
        await IterateAsync(await _agent.ClaimOneAsync(), 1, FailureClass.Productive);

        Assert.Equal("stopped", (await _host.Client.PostAsync($"/tasks/{id}/stop", null).ValueAsync<JsonElement>()).GetProperty("status").GetString());

        Assert.Equal(("stopped", 1), ((await GetAsync($"/tasks/{id}/result")).GetProperty("completion_reason").GetString(), (await GetAsync($"/tasks/{id}/result")).GetProperty("iterations").GetInt32()));
    }

    [Fact]
    public async Task Submit_SameKey_IsTheSameTask()
    {
        var first = await SubmitAsync(new { prompt = "Write hello" }, "key-1");
        Assert.Equal(first, await SubmitAsync(new { prompt = "Write hello" }, "key-1"));
        using var other = new HttpRequestMessage(HttpMethod.Post, "/tasks") { Content = JsonContent.Create(new { prompt = "Write more" }) };
        other.Headers.Add("Idempotency-Key", "key-1");
        await _host.Client.SendAsync(other).ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyMismatch);
        Assert.Single((await GetAsync("/tasks?status=queued")).GetProperty("tasks").EnumerateArray());
        Assert.Empty((await GetAsync("/tasks?status=completed")).GetProperty("tasks").EnumerateArray());
    }

    [Theory]
    [InlineData("""{}""", "prompt: it is missing")]
    [InlineData("""{"prompt": "x", "max_iterations": 0}""", "max_iterations: 0 is not possible")]
    [InlineData("""{"prompt": "x", "max_iterations": 101}""", "max_iterations: 101 is not possible")]
    [InlineData("""{"prompt": "x", "backend": "rm -rf"}""", "backend: 'rm -rf' is not a name")]
    [InlineData("""{"prompt": "x", "definition": "app"}""", "definition: 'app' has no stage of the agent 'loop'")]
    public async Task Submit_Wrong_NamesFieldValueAndRemedy(string body, string detail) =>
        Assert.Contains(detail, (await _host.Client.PostAsync("/tasks", Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Detail, StringComparison.Ordinal);

    [Fact]
    public async Task Submit_SwitchedOff_Is503()
    {
        await using var host = await OrchestratorHost.StartAsync("Stack:Tasks:Enabled=false");

        await host.Client.PostAsync("/tasks", Answers.Json("""{"prompt": "Write hello"}""")).ProblemAsync(HttpStatusCode.ServiceUnavailable, ProblemTypes.Unavailable);

        Assert.Equal("""{"loop_enabled":false}""", $$"""{"loop_enabled":{{(await host.Client.GetFromJsonAsync<JsonElement>("/stats")).GetProperty("loop_enabled").GetRawText()}}}""");
    }

    [Fact]
    public async Task Show_WorkflowThatIsNoTask_IsUnknown()
    {
        var workflow = await _host.SubmitAsync(await _host.DefineAsync(1));

        await _host.Client.GetAsync($"/tasks/{workflow.Id}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
    }

    private async Task<string> SubmitAsync(object body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/tasks") { Content = JsonContent.Create(body) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        using var answer = await _host.Client.SendAsync(request);
        Assert.True(answer.StatusCode == HttpStatusCode.Accepted, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("task_id").GetString()!;
    }

    private Task<JsonElement> GetAsync(string path) => _host.Client.GetFromJsonAsync<JsonElement>(path);

    private async Task<string> StatusAsync(string id) => (await GetAsync($"/tasks/{id}")).GetProperty("status").GetString()!;

    // Who holds an attempt is written a moment after it was given out.
    private Task UntilAsync(string id, string status) => Eventually.TrueAsync(async () => await StatusAsync(id) == status, $"it is {status}");

    private async Task IterateAsync(TaskEnvelope task, int number, FailureClass @class)
    {
        var key = IterationRecord.KeyOf(task.TaskId.WorkflowId, task.TaskId.Stage, number);
        var record = new IterationRecord { Number = number, Class = @class, Evidence = $"{number}", At = DateTimeOffset.UtcNow };
        using var answer = await _agent.Client.PutAsync($"/api/v1/tasks/{task.TaskId}/steps/{key.Name}/{key.InputHash}", Answers.Of(record));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
