using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Orchestrator.Gateway;

namespace Stack.Tests.EndToEnd;

/// <summary>What peers are blamed for: budgets that leak, because many calls pass at once, because a master key goes around them, or because a model has another name where it is counted.</summary>
[Collection(EndToEndCollection.Name)]
public sealed class BudgetTests
{
    private const string Master = "the-admin-key-of-this-test";
    private const string Writer = "the-writer-key-of-this-test";

    [Fact]
    public async Task Ask_TwoHundredAtOnceUnderEveryNameWithEveryKey_StopAtTheCap()
    {
        var folder = Directory.CreateTempSubdirectory("budget-").FullName;
        await using var cloud = await ScriptedProvider.StartAsync();
        // A dollar for a hundred calls.
        cloud.Always("/v1/chat/completions", ScriptedProvider.OpenAiText("Ten.", 0, 1_000));
        await File.WriteAllTextAsync(Path.Combine(folder, "gateway.yaml"), $$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false, retries: 0, parallel: 200} }
            models: {gpt: {provider: cloud, name: gpt-x, max_output: 1000, price: {input: 0, output: 10} } }
            aliases: {smart: [gpt], fast: [gpt]}
            budgets: {day: {money: 0.50} }
            """);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{FreePort.Next()}"), Timeout = TimeSpan.FromSeconds(60) };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Master);
        using (await StartAsync(client, folder))
        {
            string[] names = ["gpt", "smart", "fast", "cloud/gpt-x"];
            var codes = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => AskAsync(client, names[number % 4], number % 8 < 4 ? Master : Writer)));

            var day = (await client.GetAsync("/api/v1/usage?prefix=day/").ValueAsync<UsageList>()).Budgets.Single();
            Assert.InRange(day.Spent.Money, 0.01m, 0.50m + 0.01m);
            Assert.Equal((0m, day.Spent.Calls, day.Spent.Calls), (day.Reserved.Money, codes.Count(code => code == "answered"), cloud.Asked.Count));
            // By the provider's name its price is not known, and what has no price is not called.
            Assert.Equal(["answered", "budget_exhausted", "price_unknown"], codes.Distinct().Order(StringComparer.Ordinal));
            Assert.Equal("budget_exhausted", await AskAsync(client, "gpt", Master));
        }

        Folders.Remove(folder);
    }

    private static async Task<KeptProcess> StartAsync(HttpClient client, string folder)
    {
        var orchestrator = await KeptProcess.StartAsync(folder, "Orchestrator", "Stack.Orchestrator.dll", new Dictionary<string, string>
        {
            ["ASPNETCORE_URLS"] = client.BaseAddress!.ToString(),
            ["Stack__DataDirectory"] = folder,
            ["Stack__ApiKeys__admin"] = Master,
            ["Stack__ApiKeys__writer__Key"] = Writer,
            ["Stack__ApiKeys__writer__Scope"] = "write",
        });
        await Answering.TrueAsync(async () => (await client.GetAsync("/health/ready")).IsSuccessStatusCode, TimeSpan.FromSeconds(60), () => File.ReadAllText(Path.Combine(folder, "out.log")));
        return orchestrator;
    }

    private static async Task<string?> AskAsync(HttpClient client, string model, string key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Answers.Json(JsonSerializer.Serialize(new { model, messages = new[] { new { role = "user", content = "Count to ten." } } })) };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        using var response = await client.SendAsync(request);
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return response.IsSuccessStatusCode ? "answered" : answer.GetProperty("error").GetProperty("code").GetString();
    }
}
