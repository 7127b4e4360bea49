using System.Net;
using System.Text;
using System.Text.Json;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api;

[Collection(OrchestratorCollection.Name)]
public sealed class WorkflowsTests(OrchestratorFixture fixture)
{
    private const string Route = "/api/v1/workflows";

    private HttpClient Client => fixture.Host.Client;

    [Theory]
    [InlineData("""{"project_requirements":""}""")]
    [InlineData("""{"project_requirements":" \n\t "}""")]
    [InlineData("""{"name":"x","description":"y"}""")]
    [InlineData("""{"project_requirements":null}""")]
    public async Task Submit_EmptyRequirements_IsRefusedInTheSeedsWords(string body)
    {
        var problem = await Client.PostAsync(Route, Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal("Project requirements cannot be empty.", problem.Detail);
        Assert.Equal(["Project requirements cannot be empty."], problem.Details);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Submit_BodyOfTwoMegabytes_IsRefusedNamingTheLimit(bool chunked)
    {
        var body = new ByteArrayContent(Encoding.ASCII.GetBytes($$"""{"project_requirements":"{{new string('a', 2_000_000)}}"}"""));
        body.Headers.ContentType = new("application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, Route) { Content = body };
        request.Headers.TransferEncodingChunked = chunked;
        var problem = await Client.SendAsync(request).ProblemAsync(HttpStatusCode.RequestEntityTooLarge, ProblemTypes.BodyTooLarge);
        Assert.Equal("The body is larger than 1048576 bytes, the limit of this route. Send less; large files belong into the workflow's repository.", problem.Detail);
    }

    [Fact]
    public async Task Submit_MalformedJson_IsRefusedWithThePosition()
    {
        var problem = await Client.PostAsync(Route, Answers.Json("{\n  \"project_requirements\": nope\n}")).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.MalformedBody);
        Assert.StartsWith("The body is not JSON: ", problem.Detail, StringComparison.Ordinal);
        Assert.EndsWith("(line 2, position 28)", problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"project_requirements":"x","priority":"urgent"}""", "priority must be one of: low, medium, high, critical.")]
    [InlineData("""{"project_requirements":5}""", "project_requirements must be a text.")]
    [InlineData("""[]""", "The body must be an object.")]
    [InlineData("""{"project_requirements":"x","input":[1]}""", "input: it must be a JSON object.")]
    [InlineData("""{"project_requirements":"x","type":"No Name"}""", "type: 'No Name' is not a name.")]
    [InlineData("""{"project_requirements":"x","requirements":"y"}""", "project_requirements and requirements are both given and differ; give one of them.")]
    public async Task Submit_FieldOfTheWrongKind_IsRefusedNamingWhatIsAllowed(string body, string begin)
    {
        var problem = await Client.PostAsync(Route, Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.StartsWith(begin, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_SeveralThingsWrong_AreReportedAtOnce()
    {
        var body = Answers.Of(new SubmitWorkflowRequest { Name = new string('n', 201), ProjectRequirements = new string('r', 100_001), Definition = "No" });
        var problem = await Client.PostAsync(Route, body).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal(3, problem.Details!.Count);
    }

    [Fact]
    public async Task Submit_UnknownDefinition_IsRefusedWithTheKnownNames()
    {
        var problem = await Client.PostAsync(Route, Answers.Json("""{"project_requirements":"x","definition":"nope"}""")).ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidRequest);
        Assert.Matches("^definition: there is no definition 'nope'\\. The known definitions are: app, bugfix, (.*, )?feature", problem.Detail);
    }

    [Fact]
    public async Task Submit_NoContentType_IsRefusedNamingTheRightOne()
    {
        var problem = await Client.PostAsync(Route, new ByteArrayContent("{}"u8.ToArray())).ProblemAsync(HttpStatusCode.UnsupportedMediaType, ProblemTypes.InvalidRequest);
        Assert.Equal("The Content-Type is missing. Send application/json.", problem.Detail);
    }

    [Fact]
    public async Task Submit_SeedsBody_Answers201WithBothIdsAndLocation()
    {
        using var answer = await Client.PostAsync(Route, Answers.Json("""{"name":"Calculator","description":"d","project_requirements":"A calculator"}"""));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var root = body.RootElement;
        var id = root.GetProperty("id").GetString();
        Assert.Equal(id, root.GetProperty("workflow_id").GetString());
        Assert.Equal($"/api/v1/workflows/{id}", answer.Headers.Location?.OriginalString);
        Assert.Equal("INITIALIZED", root.GetProperty("state").GetString());
        Assert.Equal("initialization", root.GetProperty("current_stage").GetString());
        Assert.Equal("running", root.GetProperty("status").GetString());
        Assert.Equal("local", root.GetProperty("created_by").GetString());
        Assert.Equal(0, root.GetProperty("progress").GetInt32());
        Assert.Equal(1, root.GetProperty("version").GetInt64());
        Assert.Equal("\"1\"", answer.Headers.ETag?.Tag);
        Assert.Equal(["initialization", "scaffolding", "validation", "e2e_testing", "integration", "deployment"], root.GetProperty("stages").EnumerateArray().Select(stage => stage.GetProperty("name").GetString()));
        Assert.Equal(JsonValueKind.Object, root.GetProperty("stage_outputs").ValueKind);
        Assert.Matches("^[0-9a-f]{32}$", root.GetProperty("trace_id").GetString());
    }

    [Theory]
    [InlineData("Make a thing.", "Make a thing")]
    [InlineData("# A title\n\nand much text", "A title")]
    [InlineData("A very long line of requirements that goes on and on and on until it is cut", "A very long line of requirements that goes on and on and on…")]
    public async Task Submit_NoName_IsNamedByTheFirstLine(string requirements, string name)
    {
        var definition = await fixture.Host.DefineAsync(1);
        Assert.Equal(name, (await fixture.Host.SubmitAsync(definition, requirements)).Name);
    }

    [Fact]
    public async Task Submit_TypeWithoutADefinition_RunsAppUnderThatType()
    {
        var workflow = await Client.PostAsync(Route, Answers.Json("""{"project_requirements":"x","type":"service","priority":"high"}""")).ValueAsync<WorkflowResource>(HttpStatusCode.Created);
        Assert.Equal(("app", "service", Priority.High), (workflow.Definition, workflow.Type, workflow.Priority));
    }

    [Fact]
    public async Task Submit_SameKeyAndRequest_AnswersTheSameWorkflowOnce()
    {
        var definition = await fixture.Host.DefineAsync(1);
        var key = Guid.NewGuid().ToString();
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => SubmitAsync(key, $$"""{"project_requirements":"x","definition":"{{definition}}"}""")));
        var workflows = await Task.WhenAll(answers.Select(async answer => JsonSerializer.Deserialize<WorkflowResource>(await answer.Content.ReadAsStringAsync(), StackJson.Options)!));
        Assert.Single(workflows.Select(workflow => workflow.Id).Distinct());
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.Created);
        Assert.All(answers.Where(answer => answer.StatusCode != HttpStatusCode.Created), answer =>
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.Equal("true", Assert.Single(answer.Headers.GetValues("Idempotency-Replayed")));
        });
        Assert.Single((await Client.GetAsync($"{Route}?definition={definition}").ValueAsync<WorkflowList>()).Workflows);
    }

    [Fact]
    public async Task Submit_SameKeyAnotherRequest_IsRefusedNamingTheWorkflow()
    {
        var key = Guid.NewGuid().ToString();
        var definition = await fixture.Host.DefineAsync(1);
        using var first = await SubmitAsync(key, $$"""{"project_requirements":"x","definition":"{{definition}}"}""");
        var workflow = JsonSerializer.Deserialize<WorkflowResource>(await first.Content.ReadAsStringAsync(), StackJson.Options)!;
        var problem = await SubmitAsync(key, $$"""{"project_requirements":"y","definition":"{{definition}}"}""").ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyMismatch);
        Assert.Equal($"Idempotency-Key '{key}' was used with another request, which made workflow {workflow.Id}. Use a new key for a new request.", problem.Detail);
    }

    [Fact]
    public async Task Submit_KeyOf256Characters_IsRefused()
    {
        var problem = await SubmitAsync(new string('k', 256), """{"project_requirements":"x"}""").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal("Idempotency-Key: write 1 to 255 visible ASCII characters.", problem.Detail);
    }

    [Fact]
    public async Task List_Filtered_PagesThroughEachOnceNewestFirst()
    {
        var definition = await fixture.Host.DefineAsync(1);
        var submitted = new List<WorkflowId>();
        for (var i = 0; i < 7; i++)
        {
            submitted.Add((await fixture.Host.SubmitAsync(definition)).Id);
        }

        var seen = new List<WorkflowId>();
        string? cursor = null;
        do
        {
            var page = await Client.GetAsync($"{Route}?definition={definition}&status=running&priority=medium&type={definition}&limit=3&cursor={cursor}").ValueAsync<WorkflowList>();
            Assert.InRange(page.Workflows.Count, 1, 3);
            Assert.All(page.Workflows, workflow => Assert.Null(workflow.Stages));
            seen.AddRange(page.Workflows.Select(workflow => workflow.Id));
            cursor = page.NextCursor;
        }
        while (cursor is not null);

        submitted.Reverse();
        Assert.Equal(submitted, seen);
        Assert.Empty((await Client.GetAsync($"{Route}?definition={definition}&status=completed").ValueAsync<WorkflowList>()).Workflows);
    }

    [Fact]
    public async Task List_WrongFilters_AreRefusedTogether()
    {
        var problem = await Client.GetAsync($"{Route}?status=foo&limit=0&cursor=x").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Equal(
        [
            "limit: '0' is not a whole number from 1 to 500.",
            "status: 'foo' is not one of: running, paused, waiting, completed, failed, canceled, exhausted.",
            "cursor: 'x' is not a cursor. Pass the next_cursor of the page before.",
        ], problem.Details);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("01890000-0000-7000-8000-000000000000")]
    public async Task Show_UnknownId_Answers404NamingIt(string id)
    {
        var problem = await Client.GetAsync($"{Route}/{id}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.Equal($"There is no workflow '{id}'. GET /api/v1/workflows lists the workflows.", problem.Detail);
    }

    [Fact]
    public async Task Show_RunThroughAllStages_HasOutputsAndIsCompleted()
    {
        var definition = await fixture.Host.DefineAsync(3);
        await using var agent = await TestAgent.RegisterAsync(fixture.Host, definition);
        var workflow = await fixture.Host.SubmitAsync(definition);
        for (var n = 1; n <= 3; n++)
        {
            var task = await agent.ClaimOneAsync();
            Assert.Equal((workflow.Id, $"s{n}", 1), (task.TaskId.WorkflowId, task.TaskId.Stage, task.TaskId.Attempt));
            Assert.Equal("Do it", task.WorkflowContext.Requirements);
            Assert.Equal(n - 1, task.WorkflowContext.StageOutputs.Count);
            Assert.Equal(ReceiptStatus.Accepted, (await agent.CompleteAsync(task.TaskId, $$"""{"n":{{n}}}""")).Status);
        }

        var shown = await fixture.Host.ShowAsync(workflow.Id);
        Assert.Equal((WorkflowStatus.Completed, "COMPLETED", 100), (shown.Status, shown.State, shown.Progress));
        Assert.Equal(["s1", "s2", "s3"], shown.StageOutputs!.Keys.Order());
        Assert.All(shown.Stages!, stage => Assert.Equal((StageStatus.Completed, agent.Id), (stage.Status, stage.AgentId)));
        Assert.NotNull(shown.CompletedAt);
        using var output = await Client.GetAsync($"{Route}/{workflow.Id}/outputs/s2");
        Assert.Equal("""{"n":2}""", await output.Content.ReadAsStringAsync());
        await Client.GetAsync($"{Route}/{workflow.Id}/outputs/s9").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
    }

    [Fact]
    public async Task Show_NothingMoves_SaysWhy()
    {
        var definition = await fixture.Host.DefineAsync(1);
        var workflow = await fixture.Host.SubmitAsync(definition);
        Assert.Equal($"Stage 's1' waits for an agent of type '{definition}': none is online. Start one.", (await fixture.Host.ShowAsync(workflow.Id)).Reason);

        await using var agent = await TestAgent.RegisterAsync(fixture.Host, definition);
        var task = await agent.ClaimOneAsync();
        var running = await fixture.Host.UntilAsync(workflow.Id, shown => shown.Stages![0].Status is StageStatus.Running, "the stage runs");
        Assert.Null(running.Reason);
        Assert.Equal(agent.Id, running.Stages![0].AgentId);

        await agent.ReportAsync(task.TaskId, new StageOutcome.Snoozed { DelayMs = 600_000, Reason = "later" });
        var snoozed = await fixture.Host.ShowAsync(workflow.Id);
        Assert.Matches(@"^Stage 's1' is tried again at \d\d:\d\d:\d\d UTC", snoozed.Reason);
    }

    [Fact]
    public async Task Route_Unknown_Answers404AsAProblem()
    {
        var problem = await Client.GetAsync("/api/v1/nothing").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        Assert.Equal("There is no route GET /api/v1/nothing. The routes are listed at /openapi/v1.json.", problem.Detail);
        await Client.DeleteAsync(Route).ProblemAsync(HttpStatusCode.MethodNotAllowed, ProblemTypes.InvalidRequest);
    }

    private async Task<HttpResponseMessage> SubmitAsync(string key, string body)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, Route) { Content = Answers.Json(body) };
        request.Headers.Add("Idempotency-Key", key);
        return await Client.SendAsync(request);
    }
}
