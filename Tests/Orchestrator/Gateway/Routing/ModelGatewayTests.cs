using System.Text.Json;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Stack.Engine;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Routing;

public sealed class ModelGatewayTests
{
    private static readonly object s_tools = new { tools = new[] { new { type = "function", function = new { name = "write_file", parameters = new { type = "object" } } } } };

    private static readonly string[] s_halfACall =
    [
        """data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"write_file","arguments":""}}]}}]}""", "",
        """data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"text\": \"Once upon a time"}}]}}]}""", "",
    ];

    public static TheoryData<string, string, string[]> HalfAnswers => new()
    {
        { "openai", "/v1/chat/completions", s_halfACall },
        // A text that may be a call is held, too.
        { "openai", "/v1/chat/completions", ["""data: {"choices":[{"index":0,"delta":{"content":"{\"tool\": \"write_file\", "}}]}""", ""] },
        {
            "anthropic", "/v1/messages",
            [
                """data: {"type":"message_start","message":{"usage":{"input_tokens":12}}}""", "",
                """data: {"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t1","name":"write_file","input":{}}}""", "",
                """data: {"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"text\": \"Once upon a time"}}""", "",
            ]
        },
    };

    [Fact]
    public async Task Chat_LocalIsDown_EscalatesAsTheRulesAllowAndSaysSo()
    {
        await using var cloud = await StartAsync();
        cloud.Always("/v1/chat/completions", OpenAiText("From the cloud."));
        await using var host = await GatewayHost.StartAsync($$"""
            providers:
              ollama: {kind: ollama, url: "http://127.0.0.1:1", retries: 0}
              cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false}
            models:
              qwen: {provider: ollama}
              gpt: {provider: cloud, price: {input: 1, output: 1} }
            aliases:
              smart: [gpt, qwen]
              home: {models: [qwen, gpt], escalate_on: [context]}
            """);

        using var response = await host.Client.PostAsync("/v1/chat/completions", new StringContent("""{"model":"smart","messages":[{"role":"user","content":"Hello"}]}""", null, "application/json"));
        var kept = await host.ChatAsync("home", "Hello");

        Assert.Equal("qwen: provider_unavailable; gpt of cloud for smart", response.Headers.GetValues("Stack-Decision").Single());
        Assert.Equal("gpt", response.Headers.GetValues("Stack-Model").Single());
        Assert.Equal((503, "provider_unavailable"), (kept.Status, kept.Code()));
        Assert.Contains("does not leave local models for this reason (failure)", kept.Message(), StringComparison.Ordinal);
        Assert.Single(cloud.Asked);
    }

    [Fact]
    public async Task Chat_PromptTooLongForTheLocalModel_GoesToTheLargerOne()
    {
        await using var ollama = await StartOllamaAsync(context: 2048);
        await using var cloud = await StartAsync();
        cloud.Always("/v1/chat/completions", OpenAiText("Read it all.", promptTokens: 6000));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama, more: $$"""
              cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false}
            models:
              gpt: {provider: cloud, context: 100000, price: {input: 1, output: 1} }
            aliases: {smart: {models: [ollama/*, gpt], escalate_on: [context]} }
            """));

        Assert.Equal("Read it all.", (await host.ChatAsync("smart", string.Concat(Enumerable.Repeat("word ", 5000)))).Text());
        Assert.DoesNotContain(ollama.Asked, request => request.Path == "/api/chat");
    }

    [Fact]
    public async Task Chat_PromptLargerThanAnyContext_IsRefusedNamingEachAndNobodyIsAsked()
    {
        await using var ollama = await StartOllamaAsync(context: 2048);
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama, more: $$"""
              cloud: {kind: openai, url: "{{ollama.Address}}v1", local: false}
            models:
              gpt: {provider: cloud, context: 4000, price: {input: 1, output: 1} }
            aliases: {smart: [ollama/*, gpt]}
            """));

        var answer = await host.ChatAsync("smart", string.Concat(Enumerable.Repeat("word ", 5000)));

        Assert.Equal((400, "context_length_exceeded", "messages"), (answer.Status, answer.Code(), answer.Error().GetProperty("param").GetString()));
        Assert.Contains("the context of 'tiny:latest' is 2048", answer.Message(), StringComparison.Ordinal);
        Assert.Contains("the context of 'gpt' is 4000", answer.Message(), StringComparison.Ordinal);
        Assert.DoesNotContain(ollama.Asked, request => request.Path is "/api/chat" or "/v1/chat/completions");
    }

    [Fact]
    public async Task Chat_ServerTakesTheCallAndSaysNothing_IsATimeoutThatCostsNothing()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/chat", async (context, _) => await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama, ", first_token_timeout: 300ms"));

        var answer = await host.ChatAsync("tiny", "Hello");
        var (status, body) = await host.PostAsync("/api/chat", """{"model":"tiny","stream":false,"messages":[{"role":"user","content":"Hello"}]}""");

        Assert.Equal((504, "provider_timed_out"), (answer.Status, answer.Code()));
        Assert.Equal(504, status);
        Assert.Contains("did not give the next part of the answer ('first_token_timeout') within 300ms", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        var day = (await host.Ledger.ListBudgetsAsync("day/", 1, CancellationToken.None)).Single();
        Assert.Equal((0, 0), (day.Spent.Calls, day.Reserved.Calls));
    }

    [Theory]
    [MemberData(nameof(HalfAnswers))]
    public async Task Chat_BreaksOffBeforeAnythingIsWhole_IsBookedAndNotAskedAgain(string kind, string path, string[] lines)
    {
        await using var cloud = await StartAsync();
        cloud.Always(path, Lines(lines));
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: {{kind}}, url: "{{cloud.Address}}v1", local: false, retries: 2} }
            models: {gpt: {provider: cloud, context: 100000, price: {input: 0, output: 10} } }
            """);

        var answer = await host.ChatAsync("gpt", "Write it down.", s_tools);

        Assert.Equal((502, "provider_cut"), (answer.Status, answer.Code()));
        Assert.Single(cloud.Asked);
        var day = await DayAsync(host);
        Assert.Equal((1, Amount.Zero), (day.Spent.Calls, day.Reserved));
        Assert.True(day.Spent.MoneyNano > 0, "What was written has its price.");
    }

    [Fact]
    public async Task Chat_BreaksOffBeforeItBegins_IsAskedAgainAndBookedOnce()
    {
        await using var cloud = await StartAsync();
        cloud.Then("/v1/chat/completions", Lines([])).Always("/v1/chat/completions", OpenAiText("Hi.", 1_000, 100));
        await using var host = await GatewayHost.StartAsync(PaidFile(cloud));

        Assert.Equal("Hi.", (await host.ChatAsync("gpt", "Hello")).Text());
        Assert.Equal(2, cloud.Asked.Count);
        Assert.Equal(new Amount(3_000_000, 1_100, 1), (await DayAsync(host)).Spent);
    }

    [Fact]
    public async Task Chat_ClientLeavesWhileACallIsWritten_CostsWhatWasWritten()
    {
        await using var cloud = await StartAsync();
        cloud.Always("/v1/chat/completions", Lines(s_halfACall, "hang"));
        await using var host = await GatewayHost.StartAsync(PaidFile(cloud));
        var body = JsonSerializer.Serialize(new { model = "gpt", messages = new[] { new { role = "user", content = "Write it down." } }, tools = new[] { new { type = "function", function = new { name = "write_file" } } } });

        // Whoever leaves before the first line has come pays nothing, and on a slow machine that may be.
        await Eventually.TrueAsync(
            async () =>
            {
                using var leaving = new CancellationTokenSource(TimeSpan.FromMilliseconds(500));
                await Assert.ThrowsAnyAsync<OperationCanceledException>(() => host.Client.PostAsync("/v1/chat/completions", new StringContent(body, null, "application/json"), leaving.Token));
                await Eventually.TrueAsync(async () => (await DaysAsync(host)).All(day => day.Reserved == Amount.Zero), "nothing stays reserved");
                return (await DaysAsync(host)).Any(day => day.Spent is { Calls: > 0, MoneyNano: > 0 });
            },
            "it is booked");
    }

    [Fact]
    public async Task Chat_OurOwnMistakeWhileTrying_TheNextCallTriesAgain()
    {
        await using var cloud = await StartAsync();
        cloud.Then("/v1/chat/completions", Json("no", 500)).Always("/v1/chat/completions", OpenAiText("Back."));
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", api_key_env: GATEWAY_TEST_KEY, retries: 0, failures: 1, cool_down: 1ms} }
            models: {gpt: {provider: cloud, price: free} }
            """, ("GATEWAY_TEST_KEY", "good"));
        var configuration = host.Services.GetRequiredService<IConfiguration>();
        Assert.Equal("provider_unavailable", (await host.ChatAsync("gpt", "Hello")).Code());

        // No header takes this key, and nobody expects that.
        configuration["GATEWAY_TEST_KEY"] = "two\nlines";
        await Eventually.TrueAsync(
            async () =>
            {
                using var mistake = await host.Client.PostAsync("/v1/chat/completions", new StringContent("""{"model":"gpt","messages":[{"role":"user","content":"Hello"}]}""", null, "application/json"));
                return (int)mistake.StatusCode == 500;
            },
            "it tries");
        configuration["GATEWAY_TEST_KEY"] = "good";

        Assert.Equal("Back.", (await host.ChatAsync("gpt", "Hello")).Text());
    }

    [Fact]
    public async Task Chat_ModelThatIsNotThere_IsNamedInBothProtocols()
    {
        await using var ollama = await StartOllamaAsync();
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var answer = await host.ChatAsync("tinny", "Hello");
        var (status, body) = await host.PostAsync("/api/chat", """{"model":"tinny","messages":[{"role":"user","content":"Hello"}]}""");

        Assert.Equal((404, "model_not_found", "model"), (answer.Status, answer.Code(), answer.Error().GetProperty("param").GetString()));
        Assert.Contains("There are: builtin, tiny:latest", answer.Message(), StringComparison.Ordinal);
        Assert.Equal((404, answer.Message()), (status, body.GetProperty("error").GetString()));
    }

    [Fact]
    public async Task Chat_ServerFailsFiveTimes_RestsAndComesBack()
    {
        await using var ollama = await StartOllamaAsync();
        for (var i = 0; i < 5; i++)
        {
            ollama.Then("/api/chat", Json("""{"error":"out of memory"}""", 500));
        }

        ollama.Always("/api/chat", OllamaText("Back."));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama, ", cool_down: 400ms"));
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal("provider_unavailable", (await host.ChatAsync("tiny", "Hello")).Code());
        }

        var resting = await host.ChatAsync("tiny", "Hello");
        Assert.Equal((503, "provider_resting"), (resting.Status, resting.Code()));
        Assert.Equal(5, ollama.Asked.Count(request => request.Path == "/api/chat"));
        await Eventually.TrueAsync(async () => (await host.ChatAsync("tiny", "Hello")).Status == 200, () => "it is asked again", TimeSpan.FromSeconds(10));
        Assert.Equal("Back.", (await host.ChatAsync("tiny", "Hello")).Text());
        var overview = JsonDocument.Parse(await host.Client.GetStringAsync("/api/v1/models")).RootElement;
        Assert.Equal("closed", overview.GetProperty("providers").EnumerateArray().Single(provider => provider.GetProperty("name").GetString() == "ollama").GetProperty("breaker").GetString());
    }

    [Fact]
    public async Task Chat_PriceUnknown_IsRefusedWithTheLineToAdd()
    {
        await using var cloud = await StartAsync();
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false} }
            models: {gpt: {provider: cloud} }
            """);

        var answer = await host.ChatAsync("gpt", "Hello");

        Assert.Equal((400, "price_unknown"), (answer.Status, answer.Code()));
        Assert.Contains("Add the line 'price: {input: 2.50, output: 10.00}'", answer.Message(), StringComparison.Ordinal);
        Assert.Contains(host.File, answer.Message(), StringComparison.Ordinal);
        Assert.Empty(cloud.Asked);
    }

    [Fact]
    public async Task Chat_BudgetOfZero_IsRefusedAndNobodyIsAsked()
    {
        await using var cloud = await StartAsync();
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false} }
            models: {gpt: {provider: cloud, price: {input: 1, output: 1} } }
            budgets: {workflow: {money: 0} }
            """);
        var workflow = Stack.Contracts.WorkflowId.New(TimeProvider.System).ToString();

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = new StringContent("""{"model":"gpt","messages":[{"role":"user","content":"Hello"}]}""", null, "application/json") };
        request.Headers.Add("Stack-Workflow", workflow);
        using var response = await host.Client.SendAsync(request);
        var answer = await host.ChatAsync("gpt", "Hello", null, ("Stack-Workflow", workflow));
        var builtin = await host.ChatAsync("builtin", "A calculator", null, ("Stack-Workflow", workflow));

        Assert.Equal((429, "budget_exhausted"), (answer.Status, answer.Code()));
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Contains($"The budget 'workflow/{workflow}' (money: $0.00) does not cover a call of 'gpt'", answer.Message(), StringComparison.Ordinal);
        Assert.Empty(cloud.Asked);
        Assert.Equal(200, builtin.Status);
    }

    [Fact]
    public async Task Chat_Answered_IsBookedOnEveryBudgetAndNothingStaysReserved()
    {
        await using var cloud = await StartAsync();
        cloud.Then("/v1/chat/completions", Json("no", 500)).Always("/v1/chat/completions", OpenAiText("Hi.", 1_000, 100));
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false, retries: 0} }
            models: {gpt: {provider: cloud, price: {input: 2, output: 10} } }
            """);
        var workflow = (await host.BeginWorkflowAsync()).ToString();
        (string, string)[] headers = [("Stack-Workflow", workflow), ("Stack-Stage", "scaffolding"), ("Stack-Agent", "scaffold")];

        await host.ChatAsync("gpt", "Hello", null, headers);
        await host.ChatAsync("gpt", "Hello", null, headers);
        var usage = JsonDocument.Parse(await host.Client.GetStringAsync("/api/v1/usage")).RootElement.GetProperty("budgets").EnumerateArray().ToList();

        Assert.Equal(["agent/scaffold/", "day/", "model/gpt/", "workflow/", "workflow/"], usage.Select(line => line.GetProperty("key").GetString()!).Select(key => key.StartsWith("workflow", StringComparison.Ordinal) ? "workflow/" : key[..^10]));
        Assert.All(usage, line => Assert.Equal((0.003m, 1_100, 1), (line.GetProperty("spent").GetProperty("money").GetDecimal(), line.GetProperty("spent").GetProperty("tokens").GetInt64(), line.GetProperty("spent").GetProperty("calls").GetInt64())));
        Assert.All(usage, line => Assert.Equal(0, line.GetProperty("reserved").GetProperty("money").GetDecimal()));
    }

    [Fact]
    public async Task Chat_TwoHundredAtOnce_NeverPassTheCapByMoreThanOneCall()
    {
        await using var cloud = await StartAsync();
        cloud.Always("/v1/chat/completions", OpenAiText("Hi.", 10, 1_000));
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false, parallel: 200} }
            models: {gpt: {provider: cloud, max_output: 1000, price: {input: 10, output: 10} } }
            budgets: {day: {money: 0.50} }
            """);

        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => host.ChatAsync("gpt", "Hello")));

        var day = (await host.Ledger.ListBudgetsAsync("day/", 1, CancellationToken.None)).Single();
        Assert.InRange(day.Spent.MoneyNano, 400_000_000, 500_000_000 + 10_200_000);
        Assert.Equal(0, day.Reserved.MoneyNano);
        Assert.Equal(day.Spent.Calls, answers.Count(answer => answer.Status == 200));
        Assert.All(answers.Where(answer => answer.Status != 200), answer => Assert.Equal("budget_exhausted", answer.Code()));
    }

    private static string PaidFile(ScriptedProvider cloud) => $$"""
        providers: {cloud: {kind: openai, url: "{{cloud.Address}}v1", local: false, retries: 2} }
        models: {gpt: {provider: cloud, price: {input: 2, output: 10} } }
        """;

    private static Task<IReadOnlyList<BudgetLine>> DaysAsync(GatewayHost host) => host.Ledger.ListBudgetsAsync("day/", 1, CancellationToken.None);

    private static async Task<BudgetLine> DayAsync(GatewayHost host) => (await DaysAsync(host)).Single();
}
