using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Stack.Orchestrator.Gateway;

namespace Stack.Tests.Orchestrator.Gateway.OpenAi;

public sealed partial class ChatCompletionsTests : IAsyncLifetime
{
    private readonly HttpClient _client = new();
    private WebApplication? _app;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddGateway();
        _app = builder.Build();
        _app.MapGateway();
        await _app.StartAsync();
        _client.BaseAddress = new Uri(_app.Urls.Single());
    }

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await _app!.DisposeAsync();
    }

    [Fact]
    public async Task Models_Builtin_IsListed()
    {
        var list = await _client.GetFromJsonAsync<JsonElement>("/v1/models");

        Assert.Equal("list", list.GetProperty("object").GetString());
        Assert.Equal("builtin", list.GetProperty("data")[0].GetProperty("id").GetString());
        Assert.Equal("builtin", list.GetProperty("data")[0].GetProperty("owned_by").GetString());
    }

    [Fact]
    public async Task Post_Requirements_AnswersWithFilesAndTheNotice()
    {
        using var response = await _client.PostAsJsonAsync("/v1/chat/completions", Request("A calculator web API"));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var completion = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal("chat.completion", completion.GetProperty("object").GetString());
        Assert.Equal("stop", completion.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
        Assert.Equal(0, completion.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        var content = JsonDocument.Parse(completion.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!).RootElement;
        Assert.Equal("builtin", content.GetProperty("provider").GetString());
        Assert.False(content.GetProperty("model_used").GetBoolean());
        Assert.StartsWith("No language model was used", content.GetProperty("notice").GetString(), StringComparison.Ordinal);
        Assert.Equal("calculator", content.GetProperty("template").GetString());
        Assert.True(content.GetProperty("files").GetArrayLength() > 10);
    }

    [Fact]
    public async Task Post_Stream_GivesTheSameTextInParts()
    {
        using var whole = await _client.PostAsJsonAsync("/v1/chat/completions", Request("A calculator web API"));
        var expected = (await whole.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString();

        using var response = await _client.PostAsJsonAsync("/v1/chat/completions", Request("A calculator web API", stream: true));

        Assert.Equal("text/event-stream", response.Content.Headers.ContentType?.MediaType);
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(line => line["data: ".Length..]).ToList();
        Assert.Equal("[DONE]", events[^1]);
        var chunks = events[..^1].ConvertAll(data => JsonDocument.Parse(data).RootElement);
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", chunk.GetProperty("object").GetString()));
        Assert.Equal(0, chunks[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
        var text = string.Concat(chunks.Where(chunk => chunk.GetProperty("choices").GetArrayLength() > 0)
            .Select(chunk => chunk.GetProperty("choices")[0].GetProperty("delta").TryGetProperty("content", out var part) ? part.GetString() : ""));
        Assert.Equal(expected, text);
    }

    [Fact]
    public async Task Post_ContentInParts_IsReadAsOneText()
    {
        var request = new { model = "builtin", messages = new[] { new { role = "user", content = new[] { new { type = "text", text = "A calc" }, new { type = "text", text = "ulator" } } } } };

        using var response = await _client.PostAsJsonAsync("/v1/chat/completions", request);

        Assert.Contains("""\u0022template\u0022:\u0022calculator\u0022""", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}""", 404, "model", "model_not_found", "The model 'gpt-9' does not exist. There are: builtin; and the aliases fast, smart. Others are added in 'FILE'.")]
    [InlineData("""{"messages": [{"role": "user", "content": "x"}]}""", 400, "model", null, "'model' is missing. GET /v1/models lists the models.")]
    [InlineData("""{"model": "builtin", "messages": []}""", 400, "messages", null, "'messages' is missing or empty. Send at least one message with 'role' and 'content'.")]
    [InlineData("""{"model": "builtin", "messages": [{"role": "user", "content": "  "}]}""", 400, "messages", null, "Project requirements cannot be empty. Describe the program in a message with the role 'user'.")]
    [InlineData("""{"model": "builtin", "messages": 7}""", 400, null, null, "The body is not a chat completion request: its JSON is wrong at '$.messages', line 1.")]
    [InlineData("""{"model": """, 400, null, null, "The body is not a chat completion request: its JSON is wrong at '$.model', line 1.")]
    [InlineData("null", 400, null, null, "The body is 'null'. Send a chat completion request.")]
    public async Task Post_WrongRequest_IsRefusedInTheShapeOfOpenAi(string body, int status, string? parameter, string? code, string message)
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var response = await _client.PostAsync(new Uri("/v1/chat/completions", UriKind.Relative), content);

        Assert.Equal(status, (int)response.StatusCode);
        var error = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal(message, FilePath().Replace(error.GetProperty("message").GetString()!, "'FILE'"));
        Assert.Equal("invalid_request_error", error.GetProperty("type").GetString());
        Assert.Equal(parameter, error.GetProperty("param").GetString());
        Assert.Equal(code, error.GetProperty("code").GetString());
    }

    [GeneratedRegex("'[^']*gateway.yaml'")]
    private static partial Regex FilePath();

    private static object Request(string requirements, bool stream = false) => new
    {
        model = "builtin",
        stream,
        stream_options = stream ? new { include_usage = true } : null,
        messages = new[] { new { role = "system", content = "Write a program." }, new { role = "user", content = requirements } },
    };
}
