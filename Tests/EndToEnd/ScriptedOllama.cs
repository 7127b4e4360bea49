using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stack.Checks.Processes;

namespace Stack.Tests.EndToEnd;

/// <summary>Our stand-in for Ollama as a process of its own, which speaks its protocol and says what a script says: <c>dotnet Tests.dll scripted-ollama PORT SCRIPT</c>. No model is behind it.</summary>
internal static class ScriptedOllama
{
    public const string Name = "scripted-ollama";

    public static int Run(string port, string script)
    {
        RunAsync(port, script).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(string port, string path)
    {
        var script = OllamaScript.Read(path);
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls($"http://127.0.0.1:{port}");
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        var app = builder.Build();
        app.MapGet("/", () => "Ollama is running");
        app.MapGet("/api/version", () => new { version = "0.0.0-scripted" });
        app.MapGet("/api/tags", () => new { models = script.Models.Select(model => new { name = model, model, modified_at = "2026-01-01T00:00:00Z", size = 7, digest = "d", details = new { family = "tiny", parameter_size = "1B", quantization_level = "Q4" } }) });
        app.MapPost("/api/show", () => Results.Text("""{"model_info":{"tiny.context_length":32768},"capabilities":["completion","tools"]}""", "application/json"));
        app.MapPost("/api/chat", async context => await AnswerAsync(context, script));
        await app.RunAsync();
    }

    private static async Task AnswerAsync(HttpContext context, OllamaScript script)
    {
        using var request = await JsonDocument.ParseAsync(context.Request.Body);
        if (script.StepFor(request.RootElement.GetProperty("messages")) is not { } step)
        {
            context.Response.StatusCode = 400;
            await context.Response.WriteAsJsonAsync(new { error = "nothing is written for this message" });
            return;
        }

        await Task.Delay(step.DelayMs, context.RequestAborted);
        var text = step.AsText ? string.Join('\n', step.Calls.Select(call => JsonSerializer.Serialize(new { name = call.Name, arguments = call.Arguments }))) : step.Text ?? "";
        var calls = step.AsText ? [] : step.Calls.Select(call => new { function = new { name = call.Name, arguments = call.Arguments } }).ToArray();
        var tokens = step.PromptTokens ?? (request.RootElement.GetProperty("messages").GetRawText().Length / 4) + 100;
        context.Response.ContentType = "application/x-ndjson";
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { message = new { role = "assistant", content = text, tool_calls = calls }, done = false }) + "\n");
        await context.Response.WriteAsync(JsonSerializer.Serialize(new { message = new { role = "assistant", content = "" }, done = true, done_reason = "stop", prompt_eval_count = tokens, eval_count = (text.Length / 4) + (20 * calls.Length) + 1 }) + "\n");
    }
}

/// <summary>That process, which a test can kill and start again. It dies with the tests.</summary>
internal sealed class OllamaProcess(string directory) : IDisposable
{
    private KeptProcess? _process;

    public int Port { get; } = FreePort.Next();

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public async Task StartAsync(OllamaScript? script = null)
    {
        var path = Path.Combine(directory, "ollama-script.json");
        script?.Write(path);
        _process = await KeptProcess.StartAsync(directory, "Tests", "Tests.dll", new Dictionary<string, string>(), ScriptedOllama.Name, Port.ToString(CultureInfo.InvariantCulture), path);
        using var client = new HttpClient { BaseAddress = Address };
        await Answering.TrueAsync(async () => (await client.GetStringAsync("/")).Length > 0, TimeSpan.FromSeconds(20), () => "The scripted Ollama did not answer.");
    }

    /// <summary>Ends it like a power cut does.</summary>
    public void Kill()
    {
        _process!.Kill();
        _process.Dispose();
        _process = null;
    }

    public void Dispose() => _process?.Dispose();
}
