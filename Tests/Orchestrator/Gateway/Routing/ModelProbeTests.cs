using System.Text.Json;
using Stack.Contracts;
using static Stack.Tests.Orchestrator.Gateway.ScriptedProvider;

namespace Stack.Tests.Orchestrator.Gateway.Routing;

public sealed class ModelProbeTests
{
    private const string ToolCall = """{"message":{"role":"assistant","content":"","tool_calls":[{"function":{"name":"note","arguments":{"text":"stack"}}}]},"done":false}""";
    private const string End = """{"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop","prompt_eval_count":2900,"eval_count":5}""";

    [Fact]
    public async Task Probe_GoodModel_IsMeasuredAndListed()
    {
        await using var ollama = await StartOllamaAsync("tiny:latest", 8192, "tools");
        ollama.Then("/api/chat", Lines([ToolCall, End])).Then("/api/chat", OllamaText("""{"sum": 5}""")).Then("/api/chat", OllamaText("7319", promptTokens: 4100));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var measured = await ProbeAsync(host, """{"model":"tiny"}""");

        Assert.Equal(("native", true, 4100), (measured.Tools, measured.Json, measured.ContextTokens));
        Assert.Empty(measured.Problems);
        var listed = JsonDocument.Parse(await host.Client.GetStringAsync("/api/v1/models")).RootElement.GetProperty("models").EnumerateArray().Single(model => model.GetProperty("name").GetString() == "tiny:latest");
        Assert.Equal("native", listed.GetProperty("measured").GetProperty("tools").GetString());
        Assert.Equal(3, (await host.Ledger.ListBudgetsAsync("day/", 1, CancellationToken.None)).Single().Spent.Calls);
    }

    [Fact]
    public async Task Probe_ModelThatOnlyTalks_SaysWhatItDidInstead()
    {
        await using var ollama = await StartOllamaAsync("tiny:latest", 8192, "tools");
        ollama.Then("/api/chat", OllamaText("I would rather talk.")).Then("/api/chat", OllamaText("Five, I think.")).Then("/api/chat", OllamaText("Which number?", promptTokens: 4100));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var measured = await ProbeAsync(host, """{"model":"tiny"}""");

        Assert.Equal(("none", false, 0), (measured.Tools, measured.Json, measured.ContextTokens));
        Assert.Equal(
            [
                "tools: ollama/tiny:latest was told to call a tool and said 'I would rather talk.'.",
                "json: ollama/tiny:latest was held to a schema and said 'Five, I think.'.",
                "context: ollama/tiny:latest was given 4100 tokens to read and did not know what stood at their beginning; it said 'Which number?'.",
            ],
            measured.Problems);
    }

    [Fact]
    public async Task Probe_ServerCutsThePrompt_IsSeen()
    {
        await using var ollama = await StartOllamaAsync("tiny:latest", 8192, "tools");
        ollama.Then("/api/chat", Lines([ToolCall, End])).Then("/api/chat", OllamaText("""{"sum": 5}""")).Then("/api/chat", OllamaText("7319", promptTokens: 2048));
        await using var host = await GatewayHost.StartAsync(GatewayHost.OllamaFile(ollama));

        var measured = await ProbeAsync(host, """{"model":"tiny"}""");

        Assert.Equal(0, measured.ContextTokens);
        Assert.StartsWith("context: ", Assert.Single(measured.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", 400, "model: it is missing.")]
    [InlineData("""{"model":"fast"}""", 400, "model: 'fast' is an alias for builtin.")]
    [InlineData("""{"model":"gpt-9"}""", 404, "The model 'gpt-9' does not exist.")]
    [InlineData("""{"model":"builtin","context_tokens":3}""", 400, "context_tokens: 3 is not between 256 and 1000000.")]
    public async Task Probe_Wrong_IsRefusedInWords(string body, int status, string begin)
    {
        await using var host = await GatewayHost.StartAsync("");
        var (answered, problem) = await host.PostAsync("/api/v1/models/probe", body);
        Assert.Equal(status, answered);
        Assert.StartsWith(begin, problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task<MeasuredAbility> ProbeAsync(GatewayHost host, string body)
    {
        var (status, answer) = await host.PostAsync("/api/v1/models/probe", body);
        Assert.True(status == 200, answer.GetRawText());
        return answer.Deserialize<ModelResource>(StackJson.Options)!.Measured!;
    }
}
