using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Stack.Tests.Orchestrator.Engine;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Providers;

public sealed class OllamaProviderTests
{
    private static readonly object s_tools = new
    {
        tools = new[] { new { type = "function", function = new { name = "write_file", description = "Writes a file.", parameters = new { type = "object", properties = new { path = new { type = "string" } } } } } },
    };

    [Fact]
    public async Task Chat_LongPrompt_GetsAContextThatHoldsItAndTheAnswer()
    {
        await using var ollama = await StartOllamaAsync(context: 131_072);
        ollama.Always("/api/chat", OllamaText("Yes.", promptTokens: 9_000));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var prompt = string.Concat(Enumerable.Repeat("The quick brown fox jumps over it. ", 1_000));

        var answer = await host.ChatAsync("tiny", prompt, new { max_tokens = 500 });

        Assert.Equal("Yes.", answer.Text());
        Assert.Equal(9_000, answer.Body.GetProperty("usage").GetProperty("prompt_tokens").GetInt64());
        var asked = ollama.Asked.Single(request => request.Path == "/api/chat").Body;
        var context = asked.GetProperty("options").GetProperty("num_ctx").GetInt32();
        Assert.Equal(16_384, context);
        Assert.Equal(500, asked.GetProperty("options").GetProperty("num_predict").GetInt32());
        Assert.Equal("tiny:latest", asked.GetProperty("model").GetString());
    }

    [Fact]
    public async Task Chat_ShorterPromptAfterALongOne_KeepsTheContextSoThatTheModelStaysLoaded()
    {
        await using var ollama = await StartOllamaAsync(context: 12_000);
        ollama.Always("/api/chat", OllamaText("Yes.", promptTokens: 9_000));
        var clock = new ManualTimeProvider();
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama), services => services.AddSingleton<TimeProvider>(clock));

        foreach (var words in new[] { 1, 700, 2_500, 5_000, 2_500, 1 })
        {
            Assert.Equal(200, (await host.ChatAsync("tiny", string.Concat(Enumerable.Repeat("word ", words)), new { max_tokens = 500 })).Status);
        }

        clock.Advance(TimeSpan.FromMinutes(11));
        await host.ChatAsync("tiny", "word", new { max_tokens = 500 });
        var contexts = ollama.Asked.Where(request => request.Path == "/api/chat").Select(request => request.Body.GetProperty("options").GetProperty("num_ctx").GetInt32());
        Assert.Equal([2_048, 2_048, 4_096, 8_192, 8_192, 8_192, 2_048], contexts);
    }

    [Fact]
    public async Task Chat_RoundedUpPastTheModel_GetsWhatTheModelHas()
    {
        await using var ollama = await StartOllamaAsync(context: 12_000);
        ollama.Always("/api/chat", OllamaText("Yes.", promptTokens: 9_000));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        await host.ChatAsync("tiny", string.Concat(Enumerable.Repeat("word ", 9_000)), new { max_tokens = 500 });

        Assert.Equal(12_000, ollama.Asked.Single(request => request.Path == "/api/chat").Body.GetProperty("options").GetProperty("num_ctx").GetInt32());
    }

    [Fact]
    public async Task Chat_ServerReadLessThanThePrompt_IsContextTruncatedAndNeverAnAnswer()
    {
        await using var ollama = await StartOllamaAsync(context: 131_072);
        ollama.Always("/api/chat", OllamaText("I know nothing of the beginning.", promptTokens: 2_048));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));
        var prompt = string.Concat(Enumerable.Repeat("The quick brown fox jumps over it. ", 1_000));

        var answer = await host.ChatAsync("tiny", prompt);
        var stream = await host.StreamAsync("/v1/chat/completions", JsonSerializer.Serialize(new { model = "tiny", stream = true, messages = new[] { new { role = "user", content = prompt } } }));

        Assert.Equal((400, "context_truncated"), (answer.Status, answer.Code()));
        Assert.Contains("read only 2048 tokens of a conversation that has at least 7000", answer.Message(), StringComparison.Ordinal);
        Assert.Contains("\"code\":\"context_truncated\"", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", stream, StringComparison.Ordinal);
        Assert.DoesNotContain("\"finish_reason\":\"stop\"", stream, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_PromptLargerThanTheContext_IsRefusedBeforeTheCall()
    {
        await using var ollama = await StartOllamaAsync(context: 4_096);
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var answer = await host.ChatAsync("tiny", string.Concat(Enumerable.Repeat("word ", 5_000)));

        Assert.Equal((400, "context_length_exceeded"), (answer.Status, answer.Code()));
        Assert.Contains("the context of 'tiny:latest' is 4096", answer.Message(), StringComparison.Ordinal);
        Assert.DoesNotContain(ollama.Asked, request => request.Path == "/api/chat");
    }

    [Fact]
    public async Task Chat_NativeTools_CallsComeAsCalls()
    {
        await using var ollama = await StartOllamaAsync(capabilities: ["completion", "tools"]);
        ollama.Always("/api/chat", Lines([
            """{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"write_file","arguments":{"path":"a.cs"}}}]},"done":false}""",
            """{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":30,"eval_count":9}""",
        ]));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var answer = await host.ChatAsync("tiny", "Write a file.", s_tools);

        Assert.Equal("tool_calls", answer.Body.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal("write_file", answer.Call().Name);
        Assert.Equal("a.cs", answer.Call().Arguments.GetProperty("path").GetString());
        Assert.Equal(1, ollama.Asked.Single(request => request.Path == "/api/chat").Body.GetProperty("tools").GetArrayLength());
    }

    [Fact]
    public async Task Chat_ModelWithoutTools_IsHeldToASchemaInstead()
    {
        await using var ollama = await StartOllamaAsync(capabilities: ["completion"]);
        ollama.Then("/api/chat", OllamaText("""{"tool":"write_file","arguments":{"path":"a.cs"}}""")).Then("/api/chat", OllamaText("""{"answer":"Done."}"""));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var call = await host.ChatAsync("tiny", "Write a file.", s_tools);
        var said = await host.ChatAsync("tiny", "Well?", s_tools);

        Assert.Equal("a.cs", call.Call().Arguments.GetProperty("path").GetString());
        Assert.Equal("Done.", said.Text());
        var asked = ollama.Asked.First(request => request.Path == "/api/chat").Body;
        Assert.False(asked.TryGetProperty("tools", out _));
        Assert.Equal(2, asked.GetProperty("format").GetProperty("anyOf").GetArrayLength());
        Assert.Contains("write_file: Writes a file.", asked.GetProperty("messages")[0].GetProperty("content").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Chat_ServerRefusesTools_TheNextRungIsUsedFromThenOn()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Then("/api/chat", Json("""{"error":"tiny does not support tools"}""", 400)).Always("/api/chat", OllamaText("""{"tool":"WriteFile","arguments":"{'path': 'a.cs',}"}"""));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var first = await host.ChatAsync("tiny", "Write a file.", s_tools);
        var second = await host.ChatAsync("tiny", "Again.", s_tools);

        Assert.Equal(("write_file", "a.cs"), (first.Call().Name, first.Call().Arguments.GetProperty("path").GetString()));
        Assert.Equal("write_file", second.Call().Name);
        Assert.Equal([true, false, false], ollama.Asked.Where(request => request.Path == "/api/chat").Select(request => request.Body.TryGetProperty("tools", out _)));
    }

    [Theory]
    [InlineData("break", 502, "provider_cut")]
    [InlineData("close", 502, "provider_cut")]
    [InlineData("hang", 504, "provider_timed_out")]
    public async Task Chat_ServerStopsInTheMiddle_IsAnErrorAndNeverASilentEnd(string end, int status, string code)
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/chat", Lines(["""{"message":{"role":"assistant","content":"Half of"},"done":false}"""], end));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama, ", first_token_timeout: 300ms"));

        var answer = await host.ChatAsync("tiny", "Hello");
        var events = await host.StreamAsync("/v1/chat/completions", """{"model":"tiny","stream":true,"messages":[{"role":"user","content":"Hello"}]}""");
        var lines = await host.StreamAsync("/api/chat", """{"model":"tiny","messages":[{"role":"user","content":"Hello"}]}""");

        Assert.Equal((status, code), (answer.Status, answer.Code()));
        Assert.Contains("Half of", events, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", events, StringComparison.Ordinal);
        Assert.DoesNotContain("[DONE]", events, StringComparison.Ordinal);
        Assert.Contains($"\"code\":\"{code}\"", lines, StringComparison.Ordinal);
        Assert.DoesNotContain("\"done\":true", lines, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Pull_Progress_IsPassedOnAndTheModelIsThere()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/pull", Lines(["""{"status":"pulling","total":10,"completed":5}""", """{"status":"success"}"""]));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var lines = await host.StreamAsync("/api/pull", """{"model":"tiny"}""");
        var whole = await host.PostAsync("/api/pull", """{"model":"tiny","stream":false}""");

        Assert.Equal(2, lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Contains("\"completed\":5", lines, StringComparison.Ordinal);
        Assert.Equal("success", whole.Body.GetProperty("status").GetString());
    }

    [Fact]
    public async Task Pull_Unknown_IsAnErrorOfTheServer()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/pull", Lines(["""{"error":"pull model manifest: file does not exist"}"""]));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var (status, body) = await host.PostAsync("/api/pull", """{"model":"nothing"}""");

        Assert.Equal(404, status);
        Assert.Contains("file does not exist", body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"embeddings":[["a"],[2]]}""")]
    [InlineData("""{"embeddings":[7,[2]]}""")]
    [InlineData("""{"embeddings":[[1]]}""")]
    public async Task Embed_SomethingElseThanVectors_IsUnreadable(string body)
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/embed", Json(body));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var answer = await host.PostAsync("/v1/embeddings", """{"model":"tiny","input":["a","b"]}""");

        Assert.Equal((502, "provider_unreadable"), (answer.Status, answer.Code()));
        Assert.Contains("There are 1 vectors for 2 texts.", answer.Message(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embed_Texts_KeepTheirOrder()
    {
        await using var ollama = await StartOllamaAsync();
        ollama.Always("/api/embed", Json("""{"embeddings":[[0.5,1],[2,3]],"prompt_eval_count":4}"""));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var (_, floats) = await host.PostAsync("/v1/embeddings", """{"model":"tiny","input":["a","b"],"encoding_format":"float"}""");
        var (_, base64) = await host.PostAsync("/v1/embeddings", """{"model":"tiny","input":["a","b"],"encoding_format":"base64"}""");

        Assert.Equal(0.5f, floats.GetProperty("data")[0].GetProperty("embedding")[0].GetSingle());
        var bytes = Convert.FromBase64String(base64.GetProperty("data")[1].GetProperty("embedding").GetString()!);
        Assert.Equal([2f, 3f], new[] { BitConverter.ToSingle(bytes, 0), BitConverter.ToSingle(bytes, 4) });
        Assert.Equal(4, floats.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.False(ollama.Asked[^1].Body.GetProperty("truncate").GetBoolean());
    }
}
