using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Stack.Benchmarks.Gateway;

/// <summary><c>gateway-model</c>: a server that speaks OpenAI's protocol and says the same twenty words to everybody, at once. No model is behind it. In a process of its own; it ends when its input is closed.</summary>
internal static class ScriptedModel
{
    private const int Words = 20;

    private static readonly string s_stream = string.Concat(Enumerable.Range(0, Words).Select(word => Event($$"""{"choices":[{"index":0,"delta":{"content":"word{{word}} "} }]}""")))
        + Event("""{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""") + Event("""{"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":20}}""") + Event("[DONE]");

    public static async Task RunAsync(string[] args)
    {
        _ = args;
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        await using var app = builder.Build();
        app.Run(AnswerAsync);
        await app.StartAsync();
        Console.WriteLine(app.Urls.Single());
        while (await Console.In.ReadLineAsync() is not null)
        {
        }
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        await context.Request.Body.CopyToAsync(Stream.Null);
        context.Response.ContentType = "text/event-stream";
        await context.Response.WriteAsync(s_stream);
    }

    private static string Event(string json) => $"data: {json}\n\n";
}

/// <summary>The process of <see cref="ScriptedModel"/>.</summary>
internal sealed class ScriptedModelProcess : IDisposable
{
    private readonly Process _process = Process.Start(new ProcessStartInfo("dotnet", [typeof(ScriptedModelProcess).Assembly.Location, "gateway-model"]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;

    public Uri Address { get; private set; } = null!;

    public static async Task<ScriptedModelProcess> StartAsync()
    {
        var model = new ScriptedModelProcess();
        model.Address = new Uri(await model._process.StandardOutput.ReadLineAsync() ?? throw new InvalidOperationException("The scripted model did not start."));
        return model;
    }

    public void Dispose()
    {
        _process.StandardInput.Close();
        if (!_process.WaitForExit(5_000))
        {
            _process.Kill();
        }

        _process.Dispose();
    }
}
