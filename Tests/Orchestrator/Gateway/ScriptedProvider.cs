using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Stack.Tests.Orchestrator.Gateway;

/// <summary>Our stand-in for Ollama, OpenAI and Anthropic: a real HTTP server on a free port that says what a test wrote, and remembers what it was asked. No model is behind it.</summary>
public sealed class ScriptedProvider : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, ConcurrentQueue<Func<HttpContext, JsonElement, Task>>> _scripts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Func<HttpContext, JsonElement, Task>> _always = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<(string Path, JsonElement Body, IReadOnlyDictionary<string, string> Headers)> _asked = new();

    private ScriptedProvider(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.Single());

    /// <summary>What was asked, oldest first.</summary>
    public IReadOnlyList<(string Path, JsonElement Body, IReadOnlyDictionary<string, string> Headers)> Asked => [.. _asked];

    public static async Task<ScriptedProvider> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var provider = new ScriptedProvider(app);
        app.Run(provider.AnswerAsync);
        await app.StartAsync();
        return provider;
    }

    /// <summary>An Ollama with one model that can what is said.</summary>
    public static async Task<ScriptedProvider> StartOllamaAsync(string model = "tiny:latest", int context = 8192, params string[] capabilities)
    {
        var provider = await StartAsync();
        provider.Always("/api/tags", Json($$"""{"models":[{"name":"{{model}}","model":"{{model}}","modified_at":"2026-01-01T00:00:00Z","size":7,"digest":"d","details":{"family":"tiny","parameter_size":"1B","quantization_level":"Q4"} }]}"""));
        provider.Always("/api/show", Json($$"""{"model_info":{"tiny.context_length":{{context}}},"capabilities":[{{string.Join(',', capabilities.Select(word => $"\"{word}\""))}}]}"""));
        return provider;
    }

    /// <summary>Says this to the next request.</summary>
    public ScriptedProvider Then(string path, Func<HttpContext, JsonElement, Task> answer)
    {
        _scripts.GetOrAdd(path, _ => new()).Enqueue(answer);
        return this;
    }

    /// <summary>Says this whenever nothing else is written.</summary>
    public ScriptedProvider Always(string path, Func<HttpContext, JsonElement, Task> answer)
    {
        _always[path] = answer;
        return this;
    }

    public static Func<HttpContext, JsonElement, Task> Json(string body, int status = 200, params (string Name, string Value)[] headers) => (context, _) =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        foreach (var (name, value) in headers)
        {
            context.Response.Headers[name] = value;
        }

        return context.Response.WriteAsync(body);
    };

    /// <summary>Lines, each flushed; then the end, a break of the connection, or silence.</summary>
    public static Func<HttpContext, JsonElement, Task> Lines(string[] lines, string end = "close") => async (context, _) =>
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var line in lines)
        {
            await context.Response.WriteAsync(line + "\n");
            await context.Response.Body.FlushAsync();
        }

        if (end == "hang")
        {
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        }
        else if (end == "break")
        {
            // What was flushed shall arrive before the break.
            await Task.Delay(200);
            context.Abort();
        }
    };

    /// <summary>A chat answer as Ollama streams it.</summary>
    public static Func<HttpContext, JsonElement, Task> OllamaText(string text, long promptTokens = 20, long tokens = 5) => Lines([
        JsonSerializer.Serialize(new { message = new { role = "assistant", content = text }, done = false }),
        JsonSerializer.Serialize(new { message = new { role = "assistant", content = "" }, done = true, done_reason = "stop", prompt_eval_count = promptTokens, eval_count = tokens }),
    ]);

    /// <summary>A chat answer as OpenAI streams it.</summary>
    public static Func<HttpContext, JsonElement, Task> OpenAiText(string text, long promptTokens = 20, long tokens = 5) => Lines([
        "data: " + JsonSerializer.Serialize(new { choices = new[] { new { index = 0, delta = new { role = "assistant", content = text } } } }), "",
        "data: " + JsonSerializer.Serialize(new { choices = new[] { new { index = 0, delta = new { }, finish_reason = "stop" } } }), "",
        "data: " + JsonSerializer.Serialize(new { choices = Array.Empty<int>(), usage = new { prompt_tokens = promptTokens, completion_tokens = tokens } }), "",
        "data: [DONE]", "",
    ]);

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        await _app.DisposeAsync();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!;
        var body = context.Request.ContentLength > 0 ? (await JsonDocument.ParseAsync(context.Request.Body)).RootElement : default;
        _asked.Enqueue((path, body, context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString())));
        if ((_scripts.TryGetValue(path, out var queue) && queue.TryDequeue(out var answer)) || _always.TryGetValue(path, out answer))
        {
            await answer(context, body);
            return;
        }

        await Json("""{"error":"nothing is written for this path"}""", 404)(context, body);
    }
}
