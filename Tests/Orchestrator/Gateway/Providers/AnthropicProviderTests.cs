using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Providers;

public sealed class AnthropicProviderTests
{
    [Fact]
    public async Task Chat_TextAndTool_AreReadAndTheConversationIsWrittenInItsWords()
    {
        await using var server = await StartAsync();
        server.Always("/v1/messages", Lines([
            "event: message_start", """data: {"type":"message_start","message":{"usage":{"input_tokens":12}}}""", "",
            """data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Let me see."}}""", "",
            """data: {"type":"content_block_stop","index":0}""", "",
            """data: {"type":"content_block_start","index":1,"content_block":{"type":"tool_use","id":"t1","name":"add","input":{}}}""", "",
            """data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"a\":1}"}}""", "",
            """data: {"type":"content_block_stop","index":1}""", "",
            """data: {"type":"message_delta","delta":{"stop_reason":"tool_use"},"usage":{"output_tokens":8}}""", "",
            """data: {"type":"message_stop"}""", "",
        ]));
        await using var host = await GatewayHost.StartAsync(File(server));

        var answer = await host.ChatAsync("claude", "", new
        {
            tools = new[] { new { type = "function", function = new { name = "add" } } },
            messages = new object[]
            {
                new { role = "system", content = "Be short." },
                new { role = "user", content = "1+1" },
                new { role = "assistant", tool_calls = new[] { new { id = "t0", type = "function", function = new { name = "add", arguments = "{\"a\":0}" } } } },
                new { role = "tool", tool_call_id = "t0", content = "0" },
            },
        });

        Assert.Equal("Let me see.", answer.Text());
        Assert.Equal("add", answer.Call().Name);
        Assert.Equal(20, answer.Body.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        var asked = server.Asked.Single();
        Assert.Equal("2023-06-01", asked.Headers["anthropic-version"]);
        Assert.Equal("Be short.", asked.Body.GetProperty("system").GetString());
        Assert.Equal(["user", "assistant", "user"], asked.Body.GetProperty("messages").EnumerateArray().Select(message => message.GetProperty("role").GetString()));
        Assert.Equal("tool_result", asked.Body.GetProperty("messages")[2].GetProperty("content")[0].GetProperty("type").GetString());
    }

    [Fact]
    public async Task Chat_OverloadedInTheMiddle_IsCut()
    {
        await using var server = await StartAsync();
        server.Always("/v1/messages", Lines(["""data: {"type":"message_start","message":{}}""", "", """data: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", ""]));
        await using var host = await GatewayHost.StartAsync(File(server));

        var answer = await host.ChatAsync("claude", "Hello");

        Assert.Equal((502, "provider_cut"), (answer.Status, answer.Code()));
        Assert.Contains("Overloaded", answer.Message(), StringComparison.Ordinal);
    }

    private static string File(ScriptedProvider server) => $$"""
        providers: {anthropic: {kind: anthropic, url: "{{server.Address}}v1", retries: 0} }
        models: {claude: {provider: anthropic, price: {input: 3, output: 15} } }
        """;
}
