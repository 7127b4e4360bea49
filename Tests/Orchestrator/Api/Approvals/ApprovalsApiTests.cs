using System.Net;
using Stack.Contracts;

namespace Stack.Tests.Orchestrator.Api.Approvals;

[Collection(OrchestratorCollection.Name)]
public sealed class ApprovalsApiTests(OrchestratorFixture fixture)
{
    private const string Call = """{"kind":"tool_call","command":["rm","-rf","build"],"diff":"-a\n+b","money":0.25}""";

    private OrchestratorHost Host => fixture.Host;

    private HttpClient Client => fixture.Host.Client;

    [Fact]
    public async Task Show_QuestionOfAnAgent_HasTheExactEffectWithItsHashAndWhatPeopleLookAt()
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var (workflow, asked) = await Inbox.AskAsync(Host, agent, definition, Call);
        Assert.Equal(("tool_call", "May I?", ApprovalStatus.Open, "s1", 1), (asked.Kind, asked.Prompt, asked.Status, asked.Stage, asked.Attempt));
        Assert.Equal(("rm -rf build", "-a\n+b", 0.25m), (asked.Command, asked.Diff, asked.Money));
        Assert.Equal(CanonicalJson.HashOf(JsonPayload.Parse(Call)), asked.EffectHash);
        Assert.Equal(CanonicalJson.Of(JsonPayload.Parse(Call)), asked.Effect);
        Assert.Equal(asked.Id, (await Host.ShowAsync(workflow)).Stages![0].ApprovalId);
        Assert.Contains((await Inbox.ListAsync(Client)).Approvals, listed => listed.Id == asked.Id && listed.Effect is null);
    }

    [Fact]
    public async Task Decide_DoubleClick_IsOneDecisionAndOneAttempt()
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var (workflow, asked) = await Inbox.AskAsync(Host, agent, definition, Call);
        var clicks = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Inbox.DecideAsync(Client, asked).ValueAsync<ApprovalResource>()));
        Assert.Single(clicks.Select(click => click.Decision!.DecidedAt).Distinct());

        var task = await agent.ClaimOneAsync();
        Assert.Equal((2, true, asked.Id, asked.EffectHash), (task.TaskId.Attempt, task.Approval!.Approved, task.Approval.Approval, task.Approval.EffectHash));
        Assert.Empty(await agent.ClaimAsync(waitMs: 0));
        await agent.CompleteAsync(task.TaskId);
        Assert.Equal(WorkflowStatus.Completed, (await Host.ShowAsync(workflow)).Status);
        Assert.Empty((await Inbox.ListAsync(Client, $"?workflow={workflow}")).Approvals);
        Assert.Equal(ApprovalStatus.Approved, Assert.Single((await Inbox.ListAsync(Client, $"?workflow={workflow}&status=all")).Approvals).Status);
    }

    [Fact]
    public async Task Decide_FromAStaleView_IsAConflictWithWhatIsTrueNow()
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var (_, asked) = await Inbox.AskAsync(Host, agent, definition, Call);
        var stale = await Inbox.DecideAsync(Client, asked, hash: new string('0', 64)).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        Assert.Equal((ApprovalStatus.Open, asked.EffectHash), (stale.Approval!.Status, stale.Approval.EffectHash));

        await Inbox.DecideAsync(Client, asked, "reject").ValueAsync<ApprovalResource>();
        var decided = await Inbox.DecideAsync(Client, asked).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        Assert.Contains("local rejected it", decided.Detail, StringComparison.Ordinal);
        Assert.Equal(ApprovalStatus.Rejected, decided.Approval!.Status);
        await Inbox.DecideAsync(Client, asked, "reject").ValueAsync<ApprovalResource>();
    }

    [Fact]
    public async Task Decide_Amended_TheAgentGetsTheAmendedEffectWithItsOwnHash()
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var (_, asked) = await Inbox.AskAsync(Host, agent, definition, Call);
        const string Other = """{"kind":"tool_call","command":["ls"]}""";
        var decided = await Inbox.DecideAsync(Client, asked, "amend", Other).ValueAsync<ApprovalResource>();
        Assert.True(decided.Decision!.Amended);
        var task = await agent.ClaimOneAsync();
        Assert.Equal((CanonicalJson.Of(JsonPayload.Parse(Other)), CanonicalJson.HashOf(JsonPayload.Parse(Other))), (task.Approval!.Effect, task.Approval.EffectHash));
        await Inbox.DecideAsync(Client, asked).ProblemAsync(HttpStatusCode.Conflict, ProblemTypes.Conflict);
        await Inbox.DecideAsync(Client, asked, "amend", Other).ValueAsync<ApprovalResource>();
    }

    [Theory]
    [InlineData("""{"decision":"approve"}""", "expected_hash: it is missing.")]
    [InlineData("""{"decision":"amend","expected_hash":"x"}""", "effect: it is missing.")]
    [InlineData("""{"decision":"approve","expected_hash":"x","effect":{}}""", "effect: only an amendment has one.")]
    [InlineData("""{"decision":"amend","expected_hash":"x","effect":{"kind":"deploy"}}""", "effect.kind: it is 'deploy'")]
    [InlineData("""{"decision":"perhaps"}""", "approve, reject, amend")]
    public async Task Decide_WrongRequest_SaysWhatToWrite(string body, string detail)
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var (_, asked) = await Inbox.AskAsync(Host, agent, definition, Call);
        var problem = await Client.PostAsync($"/api/v1/approvals/{asked.Id}/decision", Answers.Json(body)).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Contains(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("01890a5d-ac96-874b-bcce-b302099a8057")]
    public async Task Any_UnknownQuestion_IsNotFound(string id)
    {
        await Client.GetAsync($"/api/v1/approvals/{id}").ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await Client.PostAsync($"/api/v1/approvals/{id}/decision", Answers.Json("""{"decision":"reject"}""")).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
        await Client.PostAsync($"/api/v1/approvals/{id}/links", Answers.Json("{}")).ProblemAsync(HttpStatusCode.NotFound, ProblemTypes.NotFound);
    }

    [Fact]
    public async Task BudgetIncrease_AskedAndApproved_IsAppliedOnceBeforeTheAgentGoesOn()
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var budget = $"key/{definition}/2026-01-01";
        await Client.PutAsync($"/api/v1/budgets/{budget}", Answers.Json("""{"money":1.00,"calls":10}""")).ValueAsync<UsageResource>();
        var (_, asked) = await Inbox.AskAsync(Host, agent, definition, Inbox.Raise(budget, 2.50m));
        Assert.Equal(1m, (await Inbox.BudgetAsync(Client, budget))!.Limits!.Money);

        var decided = await Inbox.DecideAsync(Client, asked).ValueAsync<ApprovalResource>();
        Assert.True(decided.Decision!.Execution!.Succeeded, decided.Decision.Execution.Message);
        Assert.Equal((2.5m, 10), ((await Inbox.BudgetAsync(Client, budget))!.Limits!.Money, (await Inbox.BudgetAsync(Client, budget))!.Limits!.Calls));
        Assert.True((await agent.ClaimOneAsync()).Approval!.Execution!.Succeeded);

        // Who lowers it afterwards is not overruled by somebody who clicks again.
        await Client.PutAsync($"/api/v1/budgets/{budget}", Answers.Json("""{"money":0.10}""")).ValueAsync<UsageResource>();
        await Inbox.DecideAsync(Client, asked).ValueAsync<ApprovalResource>();
        Assert.Equal(0.10m, (await Inbox.BudgetAsync(Client, budget))!.Limits!.Money);
    }

    [Fact]
    public async Task BudgetIncrease_OfZero_IsNotExecutedAndTheAgentLearnsWhy()
    {
        var (agent, definition) = await AgentAsync();
        await using var _ = agent;
        var (_, asked) = await Inbox.AskAsync(Host, agent, definition, Inbox.Raise($"key/{definition}/2026-01-01", 0));
        var execution = (await Inbox.DecideAsync(Client, asked).ValueAsync<ApprovalResource>()).Decision!.Execution!;
        Assert.False(execution.Succeeded);
        Assert.Contains("0 raises nothing", execution.Message, StringComparison.Ordinal);
        Assert.False((await agent.ClaimOneAsync()).Approval!.Execution!.Succeeded);
        Assert.Null(await Inbox.BudgetAsync(Client, $"key/{definition}/2026-01-01"));
    }

    [Theory]
    [InlineData("""{"kind":"budget_increase","budget":"day/2026-01-01","limits":{"money":0}}""", "0 raises nothing")]
    [InlineData("""{"kind":"budget_increase","budget":"nothing","limits":{"money":1}}""", "is not a budget")]
    [InlineData("""{"kind":"world_peace"}""", "input.kind")]
    public async Task Submit_EffectThatCannotBeExecuted_NobodyIsAsked(string input, string detail)
    {
        var problem = await SubmitEffectAsync(input).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.Contains(detail, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Submit_BudgetIncrease_IsAQuestionThatTheOrchestratorItselfCarriesOut()
    {
        var budget = $"key/{Guid.NewGuid():N}/2026-01-01";
        var workflow = await SubmitEffectAsync(Inbox.Raise(budget, 3)).ValueAsync<WorkflowResource>(HttpStatusCode.Created);
        Assert.Equal(WorkflowStatus.Waiting, workflow.Status);
        await Inbox.DecideAsync(Client, await Inbox.OfAsync(Client, workflow.Id)).ValueAsync<ApprovalResource>();
        var done = await Host.ShowAsync(workflow.Id);
        Assert.Equal((WorkflowStatus.Completed, 3m), (done.Status, (await Inbox.BudgetAsync(Client, budget))!.Limits!.Money));
        Assert.Equal(budget, done.StageOutputs!["execution"].ToElement().GetProperty("budget").GetString());
    }

    private Task<HttpResponseMessage> SubmitEffectAsync(string input) =>
        Client.PostAsync("/api/v1/workflows", Answers.Json($$"""{"definition":"effect","project_requirements":"More money","input":{{input}}}"""));

    private async Task<(TestAgent Agent, string Definition)> AgentAsync()
    {
        var definition = await Host.DefineAsync(1);
        return (await TestAgent.RegisterAsync(Host, definition), definition);
    }
}
