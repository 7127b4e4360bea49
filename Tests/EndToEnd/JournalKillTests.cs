using System.Net.Http.Json;
using System.Text.Json;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Orchestrator.Gateway;

namespace Stack.Tests.EndToEnd;

/// <summary>What peers are blamed for: a run that is resumed after a crash pays for its model calls again. Here the orchestrator is killed as soon as the answer is out, and the agent with it.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class JournalKillTests
{
    private readonly string _folder = Directory.CreateTempSubdirectory("journal-kill-").FullName;

    [Fact]
    public async Task Kill_AfterTheAnswer_TheNextAttemptPaysNothing()
    {
        await using var cloud = await ScriptedProvider.StartAsync();
        cloud.Then("/v1/chat/completions", ScriptedProvider.OpenAiText("Paid once.", 1_000, 100));
        await File.WriteAllTextAsync(Path.Combine(_folder, "gateway.yaml"), $$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false, retries: 0} }
            models: {gpt: {provider: cloud, price: {input: 2, output: 10} } }
            """);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}"), Timeout = TimeSpan.FromSeconds(30) };
        try
        {
            WorkflowId workflow;
            using (var first = await StartAsync(client))
            {
                workflow = (await client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { Requirements = "A calculator" }, StackJson.Options).ValueAsync<WorkflowResource>(System.Net.HttpStatusCode.Created)).Id;
                Assert.Equal(("Paid once.", "recorded"), await AskAsync(client, workflow, attempt: 1));
                first.Kill();
            }

            using var second = await StartAsync(client);
            Assert.Equal(("Paid once.", "replayed"), await AskAsync(client, workflow, attempt: 2));

            Assert.Single(cloud.Asked);
            var usage = await client.GetAsync($"/api/v1/usage?workflow={workflow}").ValueAsync<UsageList>();
            Assert.Equal((0.003m, 0m, 1L, 1L), (usage.Budgets[0].Spent.Money, usage.Budgets[0].Reserved.Money, usage.Budgets[0].Spent.Calls, usage.Budgets[0].Replayed));
        }
        finally
        {
            Folders.Remove(_folder);
        }
    }

    private async Task<KeptProcess> StartAsync(HttpClient client)
    {
        var orchestrator = await KeptProcess.StartAsync(_folder, "Orchestrator", "Stack.Orchestrator.dll", new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = client.BaseAddress!.ToString(),
            ["Stack__DataDirectory"] = _folder,
        });
        await Answering.TrueAsync(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(60), () => File.ReadAllText(Path.Combine(_folder, "out.log")));
        return orchestrator;
    }

    private static async Task<(string? Said, string? Journal)> AskAsync(HttpClient client, WorkflowId workflow, int attempt)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Answers.Json("""{"model":"gpt","messages":[{"role":"user","content":"Hello"}]}""") };
        request.Headers.Add("Stack-Workflow", workflow.ToString());
        request.Headers.Add("Stack-Stage", "scaffolding");
        request.Headers.Add("Stack-Attempt", $"{attempt}");
        using var response = await client.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.True(response.IsSuccessStatusCode, answer.GetRawText());
        return (answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), response.Headers.GetValues("Stack-Journal").Single());
    }
}
