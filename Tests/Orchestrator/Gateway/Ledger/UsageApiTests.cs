using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Conformance;
using Stack.Tests.Orchestrator.Api;

namespace Stack.Tests.Orchestrator.Gateway.Ledger;

[Collection(OrchestratorCollection.Name)]
public sealed class UsageApiTests(OrchestratorFixture fixture)
{
    private readonly string _workflow = WorkflowId.New(TimeProvider.System).ToString();

    private HttpClient Client => fixture.Host.Client;

    [Fact]
    public async Task Limits_SetAndTakenBack_HoldForTheNextCallAtOnce()
    {
        Assert.Equal(HttpStatusCode.OK, (await AskAsync()).Status);

        var set = await PutAsync($"workflow/{_workflow}", """{"calls":1,"wall_clock":"2h"}""").ValueAsync<UsageResource>();
        Assert.Equal((1, TimeSpan.FromHours(2), true, 1), (set.Limits!.Calls, set.Limits.WallClock, set.IsSet, set.Spent.Calls));
        var refused = await AskAsync();
        Assert.Equal((HttpStatusCode.TooManyRequests, "budget_exhausted"), (refused.Status, refused.Body.GetProperty("error").GetProperty("code").GetString()));
        Assert.Contains($"The budget 'workflow/{_workflow}' (calls: 1 calls) does not cover a call of 'builtin'", refused.Body.GetProperty("error").GetProperty("message").GetString(), StringComparison.Ordinal);

        var back = await PutAsync($"workflow/{_workflow}", "{}").ValueAsync<UsageResource>();
        Assert.Equal((null, false), (back.Limits, back.IsSet));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync()).Status);
    }

    [Fact]
    public async Task Usage_OneWorkflow_ListsItAndItsStages()
    {
        await AskAsync("build");
        var usage = await Client.GetAsync($"/api/v1/usage?workflow={_workflow}").ValueAsync<UsageList>();
        Assert.Equal([$"workflow/{_workflow}", $"workflow/{_workflow}/stage/build"], usage.Budgets.Select(line => line.Key));
        Assert.All(usage.Budgets, line => Assert.Equal((0m, 0m, 1L, 0L), (line.Spent.Money, line.Reserved.Money, line.Spent.Calls, line.Reserved.Calls)));
        Assert.NotEmpty((await Client.GetAsync("/api/v1/usage?prefix=day/").ValueAsync<UsageList>()).Budgets);
        await Client.GetAsync("/api/v1/usage?workflow=nothing").ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(true, false)]
    public async Task Key_NamesAWorkflow_IsAnAgentOnlyWhereAgentsHaveNoTokensAndTheWorkflowExists(bool hasJoinToken, bool countsAsAgent)
    {
        string[] settings = ["Stack:ApiKeys:ann=a-key-of-at-least-16", .. hasJoinToken ? ["Stack:AgentToken=join"] : Array.Empty<string>()];
        await using var host = await OrchestratorHost.StartAsync(settings);
        using var ann = host.ClientWith("a-key-of-at-least-16");
        var workflow = WorkflowId.New(TimeProvider.System);
        await host.Services.GetRequiredService<IWorkflowStore>().CommitAsync(Writes.Submit(workflow).Ended(WorkflowStatus.Failed, TimeProvider.System.GetUtcNow()));

        Assert.Equal(HttpStatusCode.OK, (await AskAsync(ann, WorkflowId.New(TimeProvider.System).ToString())).Status);
        Assert.Equal(1, await BookedAsync());
        Assert.Equal(HttpStatusCode.OK, (await AskAsync(ann, workflow.ToString())).Status);
        Assert.Equal(countsAsAgent ? 1 : 2, await BookedAsync());

        async Task<long> BookedAsync() => (await ann.GetAsync("/api/v1/usage?prefix=key/ann/").ValueAsync<UsageList>()).Budgets.Sum(line => line.Spent.Calls);
    }

    [Theory]
    [InlineData("nothing", "{}", "key: 'nothing' is not a budget.")]
    [InlineData("day/2026-01-01", """{"money":-1}""", "money: -1 is no limit; give 0 or more, or null for none.")]
    [InlineData("day/2026-01-01", """{"money":1000001}""", "money: 1000001 is too much; give 1,000,000 dollars at most.")]
    public async Task Limits_Wrong_AreRefusedInWords(string key, string body, string begin)
    {
        var problem = await PutAsync(key, body).ProblemAsync(HttpStatusCode.BadRequest, ProblemTypes.InvalidRequest);
        Assert.StartsWith(begin, problem.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task MissingKey_EachProtocol_HasItsOwnShape()
    {
        await using var host = await OrchestratorHost.StartAsync("Stack:ApiKeys:ann=a-key-of-at-least-16");
        using var openAi = await host.Client.PostAsync("/v1/chat/completions", Answers.Json("{}"));
        var error = (await openAi.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal((HttpStatusCode.Unauthorized, "authentication_error", "invalid_api_key"), (openAi.StatusCode, error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
        Assert.Equal("false", openAi.Headers.GetValues("x-should-retry").Single());

        using var ollama = await host.Client.GetAsync("/api/tags");
        var text = (await ollama.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error").GetString();
        Assert.Equal(HttpStatusCode.Unauthorized, ollama.StatusCode);
        Assert.Contains("The API key is missing.", text, StringComparison.Ordinal);

        using var known = host.ClientWith("a-key-of-at-least-16");
        Assert.Equal(HttpStatusCode.OK, (await known.GetAsync("/api/tags")).StatusCode);
    }

    private Task<HttpResponseMessage> PutAsync(string key, string body) => Client.PutAsync($"/api/v1/budgets/{key}", Answers.Json(body));

    private Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(string? stage = null) => AskAsync(Client, _workflow, stage);

    private static async Task<(HttpStatusCode Status, JsonElement Body)> AskAsync(HttpClient client, string workflow, string? stage = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Answers.Json("""{"model":"builtin","messages":[{"role":"user","content":"A calculator"}]}""") };
        request.Headers.Add("Stack-Workflow", workflow);
        if (stage is not null)
        {
            request.Headers.Add("Stack-Stage", stage);
        }

        using var response = await client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }
}
