using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stack.Cli;
using Stack.Contracts;
using Stack.Tests.Agents;

namespace Stack.Tests.Orchestrator.Cli.Drills;

/// <summary>A scripted AppHost: a data folder with the file that says where its control endpoint is, and that endpoint. Nothing happens to its resources.</summary>
internal sealed class ScriptedHost : IAsyncDisposable
{
    private const string Token = "secret";
    private readonly TemporaryFolder _data = new();
    private readonly List<string> _commands = [];
    private WebApplication? _app;

    public string DataDirectory => _data.Path;

    public List<HostResource> Resources { get; } = [];

    /// <summary>What was asked for, for example <c>redis/pause</c>.</summary>
    public IReadOnlyList<string> Commands
    {
        get
        {
            lock (_commands)
            {
                return [.. _commands];
            }
        }
    }

    public static async Task<ScriptedHost> StartAsync(params HostResource[] resources)
    {
        var host = new ScriptedHost();
        host.Resources.AddRange(resources);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").UseSetting(WebHostDefaults.SuppressStatusMessagesKey, "true");
        host._app = builder.Build();
        host._app.Run(host.AnswerAsync);
        await host._app.StartAsync();
        host.WriteFile($$"""{"pid":1,"address":"{{host._app.Urls.Single()}}","token":"{{Token}}"}""");
        return host;
    }

    public static HostResource Resource(string name, string materializedAs = "process") => new() { Name = name, State = "Running", MaterializedAs = materializedAs };

    public void WriteFile(string content)
    {
        Directory.CreateDirectory(Path.Combine(DataDirectory, "run"));
        File.WriteAllText(Path.Combine(DataDirectory, "run", "host.json"), content);
    }

    public async Task StopAsync() => await _app!.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _app!.DisposeAsync();
        _data.Dispose();
    }

    private async Task AnswerAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.Trim('/').Split('/');
        if (context.Request.Headers.Authorization != $"Bearer {Token}")
        {
            await WriteAsync(context, 401, new ProblemResource { Type = ProblemTypes.Unauthorized, Title = "Wrong token", Status = 401 });
            return;
        }

        if (path is ["resources"])
        {
            await WriteAsync(context, 200, new HostResourceList(Resources));
            return;
        }

        lock (_commands)
        {
            _commands.Add($"{path[1]}/{path[2]}{context.Request.QueryString}");
        }

        await WriteAsync(context, 202, new { });
    }

    private static async Task WriteAsync<T>(HttpContext context, int status, T body)
    {
        context.Response.StatusCode = status;
        await context.Response.Body.WriteAsync(JsonSerializer.SerializeToUtf8Bytes(body, StackJson.Options));
    }
}
