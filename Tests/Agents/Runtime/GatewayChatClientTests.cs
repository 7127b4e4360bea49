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

    private static HttpResponseMessage Json(HttpStatusCode status, string body) => new(status) { Content = new StringContent(body, Encoding.UTF8, "application/json") };

    private GatewayChatClient Client(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) =>
        new(new HttpClient(new Scripted(answer)) { BaseAddress = new Uri("http://gateway/") }, _taskId, "test", _used.Add);

    private sealed class Scripted(Func<HttpRequestMessage, Task<HttpResponseMessage>> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => answer(request);
    }
}
