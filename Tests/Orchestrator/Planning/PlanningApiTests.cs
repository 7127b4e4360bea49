using System.Net;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Stack.Cli;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Orchestrator.Api.Approvals;
using Stack.Tests.Orchestrator.Cli;
using Stack.Tests.Orchestrator.Gateway;

namespace Stack.Tests.Orchestrator.Planning;

public sealed class PlanningApiTests : IAsyncLifetime
{
    private const string Good = """{"definition":{"name":"plan-greeter","description":"Greets.","stages":[{"name":"start","agent":"initialization","description":"Makes the workspace.","needs":[]},{"name":"write","agent":"noop","description":"Writes it.","needs":["start"]}]},"confidence":0.9,"ambiguities":[],"out_of_scope":["A mobile app."]}""";

    private ScriptedProvider _provider = null!;
    private OrchestratorHost _host = null!;

    public async Task InitializeAsync()
    {
        _provider = await ScriptedProvider.StartAsync();
        var file = Path.Combine(Directory.CreateTempSubdirectory("planning-").FullName, "gateway.yaml");
        await File.WriteAllTextAsync(file, $$"""
            providers:
              planner: {kind: openai, url: "{{_provider.Address}}v1", retries: 0}
            models:
              thinker: {provider: planner, name: thinker, context: 100000, price: free}
              dear: {provider: planner, name: dear, context: 100000, price: {input: 1000, output: 1000} }
            aliases:
              smart: [thinker]
            budgets:
              model: {dear: {money: 0} }
            """);
        _host = await OrchestratorHost.StartAsync($"Stack:Gateway:File={file}");
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _provider.DisposeAsync();
    }

    [Fact]
    public async Task Plan_OfAModel_IsAskedAndRunsOnceWhenApproved()
    {
        Says(Good);
        var plan = await PlanAsync("A program that greets people").ValueAsync<PlanResource>(HttpStatusCode.Created);
        Assert.Equal(("pending_approval", "thinker", 0.9, "plan"), (plan.Status, plan.Plan.Planner, plan.Plan.Confidence, plan.Approval.Kind));
        Assert.Equal(["A mobile app."], plan.Plan.OutOfScope);
        Assert.Equal(["start", "write"], plan.Plan.Subtasks.Select(subtask => subtask.Name));
        Assert.Contains("no history", plan.Plan.Estimate.Summary, StringComparison.OrdinalIgnoreCase);
        Assert.Null(plan.WorkflowId);

        var clicks = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Inbox.DecideAsync(_host.Client, plan.Approval).ValueAsync<ApprovalResource>()));
        Assert.All(clicks, click => Assert.Equal(ApprovalStatus.Approved, click.Status));
        var run = await ShowAsync(plan.RequestId);
        Assert.Equal("submitted", run.Status);
        var workflows = (await _host.Client.GetAsync("/api/v1/workflows?definition=plan-greeter").ValueAsync<WorkflowList>()).Workflows;
        Assert.Equal(run.WorkflowId, Assert.Single(workflows).Id);
        Assert.Equal(WorkflowStatus.Completed, (await _host.ShowAsync(plan.RequestId)).Status);
    }

    [Fact]
    public async Task Plan_Invalid_IsRepairedByTheModel()
    {
        Says("I would rather not.");
        Says(Good.Replace("\"agent\":\"noop\"", "\"agent\":\"magician\"", StringComparison.Ordinal));
        Says($"```json\n{Good}\n```");
        var plan = await PlanAsync("A program that greets people").ValueAsync<PlanResource>(HttpStatusCode.Created);
        Assert.Equal("The model repaired its plan 2 times.", plan.Plan.Note);
        Assert.Contains("magician", Assert.Single(_provider.Asked, asked => asked.Body.GetProperty("messages").GetArrayLength() == 6).Body.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Plan_StillInvalidAfterThreeRepairs_IsRefusedWithEverythingAndNeverAsked()
    {
        for (var tries = 0; tries < 4; tries++)
        {
            Says("""{"definition":{"name":"plan-x","stages":[{"name":"a","agent":"magician","needs":["b"]},{"name":"a","agent":"noop","with":{"model":"nobody/knows"}}]},"confidence":7,"ambiguities":[],"out_of_scope":[]}""");
        }

        var refused = await PlanAsync("A program that greets people").ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidDefinition);
        Assert.Equal(4, _provider.Asked.Count(asked => asked.Path.EndsWith("/chat/completions", StringComparison.Ordinal)));
        Assert.Contains(refused.Problems!, problem => problem.Path == "confidence");
        Assert.Contains(refused.Problems!, problem => problem.Value == "magician");
        Assert.Contains(refused.Problems!, problem => problem.Path == "definition.stages[0].needs[0]");
        Assert.Empty((await Inbox.ListAsync(_host.Client, "?status=all")).Approvals);
    }

    [Fact]
    public async Task Plan_WithAnUnknownModel_NamesItAndWhereItStands()
    {
        for (var tries = 0; tries < 4; tries++)
        {
            Says(Good.Replace("\"agent\":\"noop\"", "\"agent\":\"noop\",\"with\":{\"model\":\"gpt-99\"}", StringComparison.Ordinal));
        }

        var problem = Assert.Single((await PlanAsync("A program that greets people").ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.InvalidDefinition)).Problems!);
        Assert.Equal(("definition.stages[1].with.model", "gpt-99"), (problem.Path, problem.Value));
    }

    [Fact]
    public async Task Plan_AmendedByAPerson_ThatOneRuns_AndAnInvalidOneIsRefused()
    {
        Says(Good);
        var plan = await PlanAsync("A program that greets people").ValueAsync<PlanResource>(HttpStatusCode.Created);
        var effect = plan.Approval.Effect!.ToString();
        var wrong = effect.Replace("\"agent\":\"noop\"", "\"agent\":\"magician\"", StringComparison.Ordinal);
        var refused = await Inbox.DecideAsync(_host.Client, plan.Approval, "amend", wrong).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Contains("magician", refused.Detail, StringComparison.Ordinal);

        var amended = effect.Replace("plan-greeter", "plan-amended", StringComparison.Ordinal);
        await Inbox.DecideAsync(_host.Client, plan.Approval, "amend", amended).ValueAsync<ApprovalResource>();
        var run = await ShowAsync(plan.RequestId);
        Assert.Equal("plan-amended", (await _host.ShowAsync(run.WorkflowId!.Value)).Definition);
    }

    [Fact]
    public async Task Plan_TheSameKeyAgain_GivesThePlanThatWasMadeAndAsksNoModel()
    {
        Says(Good);
        var first = await PlanAsync("A program that greets people", key: "k1").ValueAsync<PlanResource>(HttpStatusCode.Created);
        var again = await PlanAsync("A program that greets people", key: "k1").ValueAsync<PlanResource>();
        Assert.Equal((first.RequestId, first.Approval.EffectHash), (again.RequestId, again.Approval.EffectHash));
        await PlanAsync("Something else", key: "k1").ProblemAsync(HttpStatusCode.UnprocessableEntity, ProblemTypes.IdempotencyMismatch);
        Assert.Single(_provider.Asked, asked => asked.Path.EndsWith("/chat/completions", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Plan_TheSameKeyWhileTheFirstIsPlanned_GivesBothThePlanThatWasStored()
    {
        var (asked, both) = (0, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        foreach (var plan in (string[])[Good, Good.Replace("Greets.", "Greets people.", StringComparison.Ordinal)])
        {
            _provider.Then("/v1/chat/completions", async (context, body) =>
            {
                if (Interlocked.Increment(ref asked) == 2)
                {
                    both.SetResult();
                }

                await both.Task;
                await Answer(plan)(context, body);
            });
        }

        var answers = await Task.WhenAll(PlanAsync("A program that greets people", key: "k2"), PlanAsync("A program that greets people", key: "k2"));
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.Created], answers.Select(answer => answer.StatusCode).Order());
        var plans = await Task.WhenAll(answers.Select(answer => Task.FromResult(answer).ValueAsync<PlanResource>(answer.StatusCode)));
        Assert.Equal((plans[0].RequestId, plans[0].Approval.EffectHash), (plans[1].RequestId, plans[1].Approval.EffectHash));
        Assert.Single((await Inbox.ListAsync(_host.Client)).Approvals);
    }

    [Fact]
    public async Task Plan_NoModelAnswers_RulesPlanAndSaySo()
    {
        _provider.Always("/v1/chat/completions", ScriptedProvider.Json("""{"error":{"message":"down"}}""", 500));
        var plan = await PlanAsync("A calculator web API with add and divide").ValueAsync<PlanResource>(HttpStatusCode.Created);
        Assert.Equal(("builtin", 0.8), (plan.Plan.Planner, plan.Plan.Confidence));
        Assert.Contains("rules planned", plan.Plan.Note, StringComparison.Ordinal);
        await Inbox.DecideAsync(_host.Client, plan.Approval, "reject").ValueAsync<ApprovalResource>();
        Assert.Equal(("rejected", null), ((await ShowAsync(plan.RequestId)).Status, (await ShowAsync(plan.RequestId)).WorkflowId));
    }

    [Theory]
    [InlineData("""{"request":""}""", 400, "request: it is empty")]
    [InlineData("""{"request":"Do it","model":"nobody"}""", 404, "model_not_found")]
    [InlineData("""{"request":"Do it","model":"dear"}""", 429, "budget_exhausted")]
    public async Task Plan_WrongRequest_HasItsExactAnswer(string body, int status, string detail)
    {
        using var answer = await _host.Client.PostAsync("/api/v1/request", Answers.Json(body));
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Contains(detail, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty((await Inbox.ListAsync(_host.Client, "?status=all")).Approvals);
    }

    [Theory]
    [InlineData("Calculator", "requires_clarification", 3)]
    [InlineData("A calculator web API with add and divide", "submitted", 0)]
    public async Task PlanCommand_Yes_ApprovesOnlyWhatIsSureAndClear(string request, string status, int code)
    {
        var outcome = await new StackCommand().InvokeAsync(_host.Address, CancellationToken.None, "plan", request, "--model", "builtin", "--yes", "--json");
        Assert.Equal(code, (int)outcome.Code);
        Assert.Equal(status, JsonSerializer.Deserialize<PlanResource>(outcome.Out, StackJson.Options)!.Status);
    }

    [Fact]
    public async Task ApproveCommand_ByTheBeginningOfAnId_ShowsListsAndDecides()
    {
        var plan = await PlanAsync("A calculator web API with add and divide", "builtin").ValueAsync<PlanResource>(HttpStatusCode.Created);
        var id = plan.Approval.Id.ToString();
        var list = await new StackCommand().InvokeAsync(_host.Address, CancellationToken.None, "approvals");
        Assert.Contains(id[..13], list.Out, StringComparison.Ordinal);
        var shown = await new StackCommand().InvokeAsync(_host.Address, CancellationToken.None, "approvals", id[..8]);
        Assert.Contains(plan.Approval.EffectHash, shown.Out, StringComparison.Ordinal);
        var link = await new StackCommand().InvokeAsync(_host.Address, CancellationToken.None, "approvals", id[..8], "--link", "--expires-after", "1h");
        Assert.Contains($"/approve/{id}?token=", link.Out, StringComparison.Ordinal);
        var approved = await new StackCommand().InvokeAsync(_host.Address, CancellationToken.None, "approve", id[..8], "--comment", "go");
        Assert.Equal(ExitCode.Completed, approved.Code);
        Assert.Contains("was submitted", approved.Out, StringComparison.Ordinal);
        var again = await new StackCommand().InvokeAsync(_host.Address, CancellationToken.None, "reject", id);
        Assert.Equal(ExitCode.Failed, again.Code);
        Assert.Contains("approved it", again.Error, StringComparison.Ordinal);
    }

    private void Says(string text) => _provider.Then("/v1/chat/completions", Answer(text));

    private static Func<HttpContext, JsonElement, Task> Answer(string text) =>
        ScriptedProvider.Lines([$"data: {JsonSerializer.Serialize(new { id = "1", choices = new[] { new { index = 0, delta = new { content = text }, finish_reason = "stop" } } })}", "", "data: [DONE]", ""]);

    private Task<HttpResponseMessage> PlanAsync(string request, string? model = null, string? key = null)
    {
        var message = new HttpRequestMessage(HttpMethod.Post, "/api/v1/request") { Content = Answers.Of(new PlanRequest { Request = request, Model = model }) };
        if (key is not null)
        {
            message.Headers.Add("Idempotency-Key", key);
        }

        return _host.Client.SendAsync(message);
    }

    private Task<PlanResource> ShowAsync(WorkflowId requestId) => _host.Client.GetAsync($"/api/v1/request/{requestId}").ValueAsync<PlanResource>();
}
