using System.Text.Json;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Gateway;

namespace Stack.Tests.Orchestrator.Api.Approvals;

/// <summary>The complaint: budgets exist but leak. Here a budget that is used up stops the calls, an agent asks for more, a person says yes twice, and it is raised once, by exactly that much.</summary>
public sealed class BudgetApprovalTests
{
    [Fact]
    public async Task Budget_UsedUp_AnAgentAsksForMore_AndNotACallMoreIsMadeThanWasApproved()
    {
        await using var provider = await ScriptedProvider.StartAsync();
        provider.Always(
            "/v1/chat/completions",
            ScriptedProvider.Lines(["data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"hello\"},\"finish_reason\":\"stop\"}]}", "", "data: [DONE]", ""]));
        var folder = Directory.CreateTempSubdirectory("budgets-");
        var file = Path.Combine(folder.FullName, "gateway.yaml");
        await File.WriteAllTextAsync(file, $$"""
            providers:
              paid: {kind: openai, url: "{{provider.Address}}v1", retries: 0}
            models:
              dear: {provider: paid, name: dear, context: 100000, price: free}
            budgets:
              workflow: {calls: 2}
            """);
        await using var host = await OrchestratorHost.StartAsync($"Stack:Gateway:File={file}");
        var definition = await host.DefineAsync(1);
        await using var agent = await TestAgent.RegisterAsync(host, definition);
        var workflow = (await host.SubmitAsync(definition)).Id;
        var task = await agent.ClaimOneAsync();

        Assert.Equal("200 200 429 429", string.Join(' ', await CallAsync(host, workflow, 4)));
        var effect = JsonPayload.Parse($$"""{"kind":"budget_increase","budget":"workflow/{{workflow}}","limits":{"calls":3} }""");
        await agent.ReportAsync(task.TaskId, new StageOutcome.NeedsApproval { Prompt = "One more call?", Effect = effect });
        var asked = await Inbox.OfAsync(host.Client, workflow);
        Assert.Equal("429", string.Join(' ', await CallAsync(host, workflow, 1)));

        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Inbox.DecideAsync(host.Client, asked).ValueAsync<ApprovalResource>()));
        Assert.True((await agent.ClaimOneAsync()).Approval!.Execution!.Succeeded);
        Assert.Equal(1, (await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => CallAsync(host, workflow, 1)))).Count(codes => codes[0] == 200));
        var line = (await Inbox.BudgetAsync(host.Client, $"workflow/{workflow}"))!;
        Assert.Equal((3L, 3L, 0L), (line.Spent.Calls, line.Limits!.Calls!.Value, line.Reserved.Calls));
        Assert.Equal(3, provider.Asked.Count(call => call.Path == "/v1/chat/completions"));
        folder.Delete(recursive: true);
    }

    private static async Task<int[]> CallAsync(OrchestratorHost host, WorkflowId workflow, int calls)
    {
        var codes = new int[calls];
        for (var call = 0; call < calls; call++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
            {
                Content = Answers.Json(JsonSerializer.Serialize(new { model = "dear", max_tokens = 10, messages = new[] { new { role = "user", content = Guid.NewGuid().ToString() } } })),
            };
            request.Headers.Add("Stack-Workflow", workflow.ToString());
            request.Headers.Add("Stack-Stage", "s1");
            using var answer = await host.Client.SendAsync(request);
            codes[call] = (int)answer.StatusCode;
        }

        return codes;
    }
}
