using System.Diagnostics;
using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class FeedTests(OrchestratorFixture fixture)
{
    private OrchestratorHost Host => fixture.Host;

    [Theory]
    [InlineData("{}", "[0].outcome: it does not say of which kind it is.")]
    [InlineData("""{"output":1}""", "[0].outcome: it does not say of which kind it is.")]
    [InlineData("""{"type":"stage.exploded"}""", "[0].outcome: Read unrecognized type discriminator id 'stage.exploded'.")]
    public async Task Report_OutcomeOfNoKind_IsRefusedByName(string outcome, string detail)
    {
        var body = $$"""[{"task_id":"01890a5dac96774bbcceb302099a8057.a.1","agent_id":"noop-1","outcome":{{outcome}}}]""";
        var problem = await Host.Client.PostAsync("/api/v1/tasks/results", Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.StartsWith(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_SecondResult_IsADuplicateAndChangesNothing()
    {
        var definition = await Host.DefineAsync(2);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        var workflow = await Host.SubmitAsync(definition);
        var task = await agent.ClaimOneAsync();
        Assert.Equal(ReceiptStatus.Accepted, (await agent.CompleteAsync(task.TaskId, """{"n":1}""")).Status);

        var second = await agent.CompleteAsync(task.TaskId, """{"n":2}""");
        Assert.Equal(ReceiptStatus.Duplicate, second.Status);
        Assert.NotEmpty(second.Reason!);
        Assert.Equal("""{"n":1}""", (await Host.ShowAsync(workflow.Id)).StageOutputs!["s1"].ToString());
    }

    [Fact]
    public async Task Report_AttemptOvertakenAfterItsLeaseExpired_IsStaleNamingTheCurrentOne()
    {
        await using var host = await OrchestratorHost.StartAsync("Engine:LeaseDuration=00:00:00.9", "Engine:HeartbeatInterval=00:00:00.3", "Engine:RescueInterval=00:00:00.1");
        var definition = await host.DefineAsync(1);
        await using var dead = await TestAgent.RegisterAsync(host, definition);
        await using var heir = await TestAgent.RegisterAsync(host, definition);
        var workflow = await host.SubmitAsync(definition);
        var lost = await dead.ClaimOneAsync();
        Assert.Equal(900, lost.LeaseMs);

        // Nobody renews the lease; the attempt goes to the other agent under the next number.
        var next = await heir.ClaimOneAsync();
        Assert.Equal((lost.TaskId.Stage, 2), (next.TaskId.Stage, next.TaskId.Attempt));
        var stale = await dead.CompleteAsync(lost.TaskId);
        Assert.Equal(ReceiptStatus.Stale, stale.Status);
        Assert.Contains("2", stale.Reason, StringComparison.Ordinal);
        Assert.Equal("lost", Assert.Single((await dead.BeatAsync(0, lost.TaskId)).Cancels).Reason);
        Assert.False((await dead.Client.PostAsync($"/api/v1/tasks/{lost.TaskId}/start?agent_id={dead.Id}", null).ValueAsync<Dictionary<string, bool>>())["current"]);

        Assert.Equal(ReceiptStatus.Accepted, (await heir.CompleteAsync(next.TaskId)).Status);
        var shown = await host.ShowAsync(workflow.Id);
        Assert.Equal((WorkflowStatus.Completed, 0, heir.Id), (shown.Status, shown.Stages![0].Failures, shown.Stages[0].AgentId));
        Assert.Contains((await host.Client.GetAsync($"/api/v1/workflows/{workflow.Id}/events").ValueAsync<EventList>()).Events, happened => happened.Type == "stage.lost");
    }

    [Fact]
    public async Task Start_NoIdOfAnAgent_IsRefused()
    {
        using var answer = await Host.Client.PostAsync($"/api/v1/tasks/{new TaskId(WorkflowId.New(TimeProvider.System), "s1", 1)}/start?agent_id=noop%00", null);
        Assert.Equal(System.Net.HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("agent_id", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Report_UnknownWorkflow_IsUnknown()
    {
        await using var agent = await TestAgent.RegisterAsync(Host, "noop");
        var receipt = await agent.CompleteAsync(new TaskId(WorkflowId.New(TimeProvider.System), "s1", 1));
        Assert.Equal(ReceiptStatus.Unknown, receipt.Status);
    }

    [Fact]
    public async Task Report_Batch_AnswersInOrder()
    {
        var definition = await Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        for (var i = 0; i < 30; i++)
        {
            await Host.SubmitAsync(definition);
        }

        var tasks = new List<TaskEnvelope>();
        while (tasks.Count < 30)
        {
            tasks.AddRange(await agent.ClaimAsync(most: 100));
        }

        Assert.Equal(30, tasks.DistinctBy(task => task.TaskId).Count());
        var results = tasks.Select(task => new ResultEnvelope { TaskId = task.TaskId, AgentId = agent.Id, Outcome = new StageOutcome.Completed() }).ToList();
        var receipts = await agent.Client.PostAsync("/api/v1/tasks/results", Answers.Of(results)).ValueAsync<List<ResultReceipt>>();
        Assert.Equal(tasks.Select(task => task.TaskId), receipts.Select(receipt => receipt.TaskId));
        Assert.All(receipts, receipt => Assert.Equal(ReceiptStatus.Accepted, receipt.Status));
    }

    [Fact]
    public async Task Claim_NothingThere_WaitsAndIsWokenBySubmission()
    {
        var definition = await Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        Assert.Empty(await agent.ClaimAsync(waitMs: 50));
        var claim = agent.ClaimAsync(waitMs: 30_000);
        var watch = Stopwatch.StartNew();
        await Host.SubmitAsync(definition);
        Assert.Single(await claim);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
    }

    [Fact]
    public async Task Claim_HigherPriority_ComesFirst()
    {
        var definition = await Host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(Host, definition);
        await Host.SubmitAsync(definition);
        var urgent = await Host.Client.PostAsync("/api/v1/workflows", Answers.Of(new SubmitWorkflowRequest { ProjectRequirements = "x", Definition = definition, Priority = Priority.Critical }))
            .ValueAsync<WorkflowResource>(HttpStatusCode.Created);
        Assert.Equal(urgent.Id, (await agent.ClaimOneAsync()).TaskId.WorkflowId);
    }

    [Theory]
    [InlineData("""{"agent_type":"noop"}""", "agent_id: it is missing; the lease of a task is its agent's. Send the id that the agent registered with.")]
    [InlineData("""{"agent_id":"noop-1","agent_type":"noop","max_tasks":0}""", "max_tasks: 0 is not in the range from 1 to 1000.")]
    [InlineData("""{"agent_id":"noop-1","agent_type":"noop","wait_ms":60001}""", "wait_ms: 60001 is not in the range from 0 to 60000.")]
    [InlineData("""{"agent_id":"noop-1"}""", "required fields are missing: agent_type.")]
    public async Task Claim_WrongFields_AreRefused(string body, string detail)
        => Assert.Equal(detail, (await Host.Client.PostAsync("/api/v1/tasks/claim", Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest)).Detail);

    [Fact]
    public async Task Report_AnotherMajorVersion_IsRefused()
    {
        var result = new ResultEnvelope { EnvelopeVersion = "2.0.0", TaskId = new TaskId(WorkflowId.New(TimeProvider.System), "s", 1), AgentId = new AgentId("noop-1"), Outcome = new StageOutcome.Completed() };
        var problem = await Host.Client.PostAsync("/api/v1/tasks/results", Answers.Of(new[] { result })).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal("envelope_version: '2.0.0' is not spoken here. Send envelopes of version 1.0.0.", problem.Detail);
    }

    [Fact]
    public async Task Report_UnknownOutcome_IsRefusedAsTheAgentsMistake()
    {
        var body = Answers.Json("""[{"task_id":"01890000000070008000000000000000.s.1","agent_id":"noop-1","outcome":{"type":"stage.exploded"}}]""");
        await Host.Client.PostAsync("/api/v1/tasks/results", body).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    [Fact]
    public async Task Register_WrongFields_AreRefusedTogether()
    {
        var registration = new AgentRegistration { AgentId = new AgentId("a b"), AgentType = "No", Version = "1", MaxConcurrency = 0 };
        var problem = await Host.Client.PostAsync("/api/v1/agents", Answers.Of(registration)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal(3, problem.Details!.Count);
    }

    [Fact]
    public async Task Heartbeat_UnknownAgent_IsToldToRegister()
    {
        var id = new AgentId("noop-ffffffff");
        var reply = await Host.Client.PostAsync($"/api/v1/agents/{id}/heartbeat", Answers.Of(new AgentHeartbeat { AgentId = id })).ValueAsync<HeartbeatReply>();
        Assert.False(reply.Known);
    }

    [Fact]
    public async Task Deregister_AgentWithWork_GivesItToAnotherAtOnceAtNoCost()
    {
        var definition = await Host.DefineAsync(1);
        var leaving = await TestAgent.RegisterAsync(Host, definition);
        await Host.SubmitAsync(definition);
        await leaving.ClaimOneAsync();
        await leaving.DisposeAsync();
        await using var heir = await TestAgent.RegisterAsync(Host, definition);
        var task = await heir.ClaimOneAsync();
        Assert.Equal((2, 0), (task.TaskId.Attempt, task.RetryCount));
        var agents = (await Host.Client.GetAsync("/api/v1/agents").ValueAsync<AgentList>()).Agents;
        Assert.Equal(AgentStatus.Offline, agents.Single(agent => agent.AgentId == leaving.Id).Status);
        Assert.Equal(heir.Id, (await Host.Client.GetAsync($"/api/v1/agents/{heir.Id}").ValueAsync<AgentResource>()).AgentId);
        await Host.Client.GetAsync("/api/v1/agents/nobody").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
    }
}
