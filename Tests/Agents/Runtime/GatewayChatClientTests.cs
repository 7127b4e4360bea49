using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.AI;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Tests.Agents.Runtime;

public sealed class GatewayChatClientTests
{
    private const string Answer = """
        {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"builtin",
         "choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],
         "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7}}
        """;

    private readonly TaskId _taskId = Tasks.Of().TaskId;
    private readonly List<Usage> _used = [];

    [Fact]
    public async Task GetResponse_Answer_IsReadAndItsTokensAreCounted()
    {
        HttpRequestMessage? sent = null;
        string? body = null;
        using var client = Client(async request =>
        {
            (sent, body) = (request, await request.Content!.ReadAsStringAsync());
            return Json(HttpStatusCode.OK, Answer);
        });
        var options = new ChatOptions { Instructions = "Be brief.", Temperature = 0, AdditionalProperties = new() { ["template"] = "calculator", ["number"] = 1 } };

        var response = await client.GetResponseAsync("hi", options);

        Assert.Equal("hello", response.Text);
        Assert.Equal("builtin", response.ModelId);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal((1, 5L, 2L), (_used.Single().ApiCalls, _used[0].PromptTokens, _used[0].CompletionTokens));
        Assert.Equal("/v1/chat/completions", sent!.RequestUri!.AbsolutePath);
        Assert.Equal(
            [_taskId.WorkflowId.ToString(), "work", "1"],
            new[] { "Stack-Workflow", "Stack-Stage", "Stack-Attempt" }.Select(name => sent.Headers.GetValues(name).Single()));
        using var json = JsonDocument.Parse(body!);
        Assert.Equal("builtin", json.RootElement.GetProperty("model").GetString());
        Assert.Equal("""[{"role":"system","content":"Be brief."},{"role":"user","content":"hi"}]""", json.RootElement.GetProperty("messages").GetRawText());
        Assert.Equal("""{"template":"calculator"}""", json.RootElement.GetProperty("metadata").GetRawText());
    }

    [Fact]
    public async Task GetResponse_ToolsAndForm_AreSentAndCallsAreRead()
    {
        HttpRequestMessage? sent = null;
        string? body = null;
        using var client = Client(async request =>
        {
            (sent, body) = (request, await request.Content!.ReadAsStringAsync());
            return Json(HttpStatusCode.OK, """
                {"choices":[{"message":{"role":"assistant","content":null,"tool_calls":[
                   {"id":"c1","type":"function","function":{"name":"add","arguments":"{\"a\":1}"}},
                   {"id":"c2","type":"function","function":{"name":"add","arguments":"a=1"}}]},"finish_reason":"tool_calls"}],
                 "usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,"cost":0.25}}
                """);
        });
        var options = new ChatOptions
        {
            ModelId = "m",
            Tools = [AIFunctionFactory.CreateDeclaration("add", "Adds.", JsonDocument.Parse("""{"type":"object"}""").RootElement)],
            ToolMode = ChatToolMode.RequireSpecific("add"),
            ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonDocument.Parse("""{"type":"array"}""").RootElement, "sums"),
            AdditionalProperties = new() { [GatewayChatClient.StepProperty] = "iteration-1/2" },
        };
        ChatMessage[] conversation =
        [
            new(ChatRole.User, "add"),
            new(ChatRole.Assistant, [new FunctionCallContent("c0", "add", new Dictionary<string, object?> { ["a"] = 2 })]),
            new(ChatRole.Tool, [new FunctionResultContent("c0", "2")]),
        ];

        var response = await client.GetResponseAsync(conversation, options);

        var calls = response.Messages[0].Contents.Cast<FunctionCallContent>().ToList();
        Assert.Equal((null, "1"), (calls[0].Exception, calls[0].Arguments!["a"]!.ToString()));
        Assert.IsType<JsonException>(calls[1].Exception!.InnerException);
        Assert.Equal(0.25m, _used.Single().Cost);
        Assert.Equal(("test", "iteration-1/2"), (sent!.Headers.GetValues("Stack-Agent").Single(), sent.Headers.GetValues("Stack-Step").Single()));
        using var json = JsonDocument.Parse(body!);
        Assert.Equal("""[{"type":"function","function":{"name":"add","description":"Adds.","parameters":{"type":"object"}}}]""", json.RootElement.GetProperty("tools").GetRawText());
        Assert.Equal("""{"type":"function","function":{"name":"add"}}""", json.RootElement.GetProperty("tool_choice").GetRawText());
        Assert.Equal("""{"type":"json_schema","json_schema":{"name":"sums","schema":{"type":"array"}}}""", json.RootElement.GetProperty("response_format").GetRawText());
        Assert.Equal(
            """[{"role":"user","content":"add"},{"role":"assistant","tool_calls":[{"id":"c0","type":"function","function":{"name":"add","arguments":"{\u0022a\u0022:2}"}}]},{"role":"tool","content":"2","tool_call_id":"c0","name":"add"}]""",
            json.RootElement.GetProperty("messages").GetRawText());
        Assert.False(json.RootElement.TryGetProperty("metadata", out _));
    }

    [Fact]
    public async Task GetStreamingResponse_Events_ComeAsTheyAreWritten()
    {
        using var client = Client(_ => Task.FromResult(Json(HttpStatusCode.OK, Events(
            """{"choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c1","function":{"name":"add","arguments":"{}"}}]},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
            """{"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":4,"total_tokens":7,"cost":0.5}}""",
            "[DONE]"))));

        var updates = await client.GetStreamingResponseAsync("hi").ToListAsync();

        Assert.Equal(["Hel", "lo"], updates.Select(update => update.Text).Where(text => text.Length > 0));
        var whole = updates.ToChatResponse();
        Assert.Equal(("add", ChatFinishReason.ToolCalls, 7L), (whole.Messages[0].Contents.OfType<FunctionCallContent>().Single().Name, whole.FinishReason, whole.Usage!.TotalTokenCount));
        Assert.Equal((1, 0.5m), (_used.Single().ApiCalls, _used[0].Cost));
    }

    [Theory]
    [InlineData("""{"error":{"message":"gone","code":"provider_cut"}}""", "provider_cut", FailureClass.Infrastructure)]
    [InlineData("""{"error":{"message":"a part","code":"context_truncated"}}""", "context_truncated", FailureClass.Unproductive)]
    [InlineData("", "gateway_unavailable", FailureClass.Infrastructure)]
    [InlineData("no JSON", "gateway_answer_unreadable", FailureClass.Infrastructure)]
    public async Task GetStreamingResponse_BreaksOff_IsAnErrorAndNeverAnEnd(string last, string code, FailureClass expected)
    {
        using var client = Client(_ => Task.FromResult(Json(HttpStatusCode.OK, Events(["""{"choices":[{"index":0,"delta":{"content":"Hel"}}]}""", .. last.Length > 0 ? new[] { last } : []]))));

        var error = (await Assert.ThrowsAsync<AgentFailure>(async () => await client.GetStreamingResponseAsync("hi").ToListAsync())).Error;

        Assert.Equal((code, expected), (error.Code, error.Class));
    }

    [Theory]
    [InlineData(HttpStatusCode.TooManyRequests, FailureClass.Throttled, ErrorCategory.Dependency)]
    [InlineData(HttpStatusCode.PaymentRequired, FailureClass.Unproductive, ErrorCategory.Limit)]
    [InlineData(HttpStatusCode.BadGateway, FailureClass.Infrastructure, ErrorCategory.Dependency)]
    [InlineData(HttpStatusCode.BadRequest, FailureClass.Unproductive, ErrorCategory.Validation)]
    public async Task GetResponse_Refused_IsClassified(HttpStatusCode status, FailureClass expected, ErrorCategory category)
    {
        using var client = Client(_ => Task.FromResult(Json(status, """{"error":{"message":"no","type":"x","param":null,"code":null}}""")));

        var error = (await Assert.ThrowsAsync<AgentFailure>(() => client.GetResponseAsync("hi"))).Error;

        Assert.Equal((expected, category), (error.Class, error.Category));
        Assert.Contains($"({(int)status}): no", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task GetResponse_NoAnswer_IsInfrastructure()
    {
        using var client = Client(_ => throw new HttpRequestException("connection refused"));

        var error = (await Assert.ThrowsAsync<AgentFailure>(() => client.GetResponseAsync("hi"))).Error;

        Assert.Equal(("gateway_unavailable", FailureClass.Infrastructure), (error.Code, error.Class));
    }

    private static string Events(params string[] events) => string.Concat(events.Select(data => $"data: {data}\n\n"));

    private static HttpResponseMessage Json(HttpStatusCode status, string body) => new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private GatewayChatClient Client(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) =>
        new(new HttpClient(new Scripted(answer)) { BaseAddress = new Uri("http://gateway/") }, _taskId, "test", _used.Add);

    private sealed class Scripted(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request);
    }
}
