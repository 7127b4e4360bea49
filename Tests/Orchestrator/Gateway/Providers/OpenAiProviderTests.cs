using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Providers;

public sealed class OpenAiProviderTests
{
    [Fact]
    public async Task Chat_ToolCallInParts_IsPutTogether()
    {
        await using var server = await StartAsync();
        server.Always("/v1/chat/completions", Lines([
            """data: {"choices":[{"index":0,"delta":{"role":"assistant","tool_calls":[{"index":0,"id":"c1","type":"function","function":{"name":"add","arguments":""}}]}}]}""", "",
            """data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]}}]}""", "",
            """data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]}}]}""", "",
            """data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""", "",
            "data: [DONE]", "",
        ]));
        await using var host = await GatewayHost.StartAsync(File(server));

        var answer = await host.ChatAsync("gpt", "1+1", new { tools = new[] { new { type = "function", function = new { name = "add" } } } });

        Assert.Equal("add", answer.Call().Name);
        Assert.Equal(1, answer.Call().Arguments.GetProperty("a").GetInt32());
        Assert.Equal("Bearer secret-of-the-test", server.Asked[0].Headers["authorization"]);
    }

    [Fact]
    public async Task Chat_ServerThatDoesNotStream_IsUnderstood()
    {
        await using var server = await StartAsync();
        server.Always("/v1/chat/completions", Json("""
            {"choices": [{"index": 0, "message": {"role": "assistant", "content": "Whole."},
              "finish_reason": "stop"}], "usage": {"prompt_tokens": 3, "completion_tokens": 1}}
            """));
        await using var host = await GatewayHost.StartAsync(File(server));

        Assert.Equal("Whole.", (await host.ChatAsync("gpt", "Hello")).Text());
    }

    [Theory]
    [InlineData(401, """{"error":{"message":"Incorrect API key"}}""", 502, "provider_unauthorized", "'api_key_env' of 'cloud'")]
    [InlineData(429, """{"error":{"message":"Slow down"}}""", 429, "provider_throttled", "Slow down")]
    [InlineData(500, "oops", 503, "provider_unavailable", "answered 500: oops")]
    [InlineData(404, """{"error":{"message":"no such model"}}""", 404, "model_not_found", "Correct the model's 'name'")]
    [InlineData(400, """{"error":{"message":"maximum context length is 8192 tokens"}}""", 400, "context_length_exceeded", "maximum context length")]
    [InlineData(400, """{"error":{"message":"bad temperature"}}""", 400, null, "bad temperature")]
    [InlineData(200, "<html>A proxy</html>", 502, "provider_cut", "broke off")]
    [InlineData(200, "{\"choices\": [", 502, "provider_unreadable", "not JSON")]
    public async Task Chat_ServerFails_HasItsExactOutcome(int status, string body, int expected, string? code, string words)
    {
        await using var server = await StartAsync();
        server.Always("/v1/chat/completions", Json(body, status, ("Retry-After", "7")));
        await using var host = await GatewayHost.StartAsync(File(server));

        using var response = await host.Client.PostAsync("/v1/chat/completions", new StringContent("""{"model":"gpt","messages":[{"role":"user","content":"Hello"}]}""", null, "application/json"));
        var answer = await host.ChatAsync("gpt", "Hello");

        Assert.Equal((expected, code), (answer.Status, answer.Code()));
        Assert.Contains(words, answer.Message(), StringComparison.Ordinal);
        if (status == 429)
        {
            Assert.Equal(TimeSpan.FromSeconds(7), response.Headers.RetryAfter?.Delta);
        }
    }

    [Fact]
    public async Task Chat_NobodyListens_SaysWhere()
    {
        await using var host = await GatewayHost.StartAsync("""
            providers: {cloud: {kind: openai, url: "http://127.0.0.1:1/v1", retries: 0} }
            models: {gpt: {provider: cloud}}
            """);

        var answer = await host.ChatAsync("gpt", "Hello");

        Assert.Equal((503, "provider_unavailable"), (answer.Status, answer.Code()));
        Assert.Contains("Provider 'cloud' at http://127.0.0.1:1/v1 cannot be reached", answer.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_ThrottledShortly_WaitsAsToldAndSucceeds()
    {
        await using var server = await StartAsync();
        server.Then("/v1/chat/completions", Json("""{"error":{"message":"Slow down"}}""", 429, ("Retry-After", "1"))).Always("/v1/chat/completions", OpenAiText("Here."));
        await using var host = await GatewayHost.StartAsync(File(server).Replace("retries: 0", "retries: 2", StringComparison.Ordinal));
        var began = TimeProvider.System.GetTimestamp();

        Assert.Equal("Here.", (await host.ChatAsync("gpt", "Hello")).Text());
        Assert.True(TimeProvider.System.GetElapsedTime(began) > TimeSpan.FromMilliseconds(900));
    }

    [Theory]
    [InlineData("openai", "/v1/chat/completions", "authorization", "Bearer secret-of-a-file")]
    [InlineData("anthropic", "/v1/messages", "x-api-key", "secret-of-a-file")]
    public async Task Chat_KeyEndsWithALineBreak_IsSentWithoutIt(string kind, string path, string header, string expected)
    {
        await using var server = await StartAsync();
        server.Always(path, Json("""{"error":{"message":"It came."}}""", 400));
        await using var host = await GatewayHost.StartAsync($$"""
            providers: {cloud: {kind: {{kind}}, url: "{{server.Address}}v1", api_key_env: GATEWAY_TEST_KEY, retries: 0} }
            models: {gpt: {provider: cloud, price: free} }
            """, ("GATEWAY_TEST_KEY", "secret-of-a-file\r\n"));

        Assert.Contains("It came.", (await host.ChatAsync("gpt", "Hello")).Message(), StringComparison.Ordinal);
        Assert.Equal(expected, server.Asked.Single().Headers[header]);
    }

    [Fact]
    public async Task Embed_SomethingElseThanVectors_IsUnreadable()
    {
        await using var server = await StartAsync();
        server.Always("/v1/embeddings", Json("""{"data":[{"index":0,"embedding":"AAAA"}]}"""));
        await using var host = await GatewayHost.StartAsync(File(server));

        var answer = await host.PostAsync("/v1/embeddings", """{"model":"gpt","input":"a"}""");

        Assert.Equal((502, "provider_unreadable"), (answer.Status, answer.Code()));
    }

    private static string File(ScriptedProvider server)
    {
        Environment.SetEnvironmentVariable("STACK_TEST_KEY", "secret-of-the-test");
        return $$"""
            providers: {cloud: {kind: openai, url: "{{server.Address}}v1", api_key_env: STACK_TEST_KEY, retries: 0, failures: 100} }
            models: {gpt: {provider: cloud, name: gpt-x, price: {input: 2.5, output: 10} } }
            """;
    }
}
