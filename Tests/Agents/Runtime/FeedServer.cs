using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Tests.Agents.Runtime;

/// <summary>The feed's HTTP routes over another feed, on a port of its own; it can be stopped and started again on the same port.</summary>
internal sealed class FeedServer(ITaskFeed feed) : IAsyncDisposable
{
    private WebApplication? _app;
    private int _port;
    private int _tokens;

    internal Uri Address => new($"http://127.0.0.1:{_port}/");

    internal string? JoinToken { get; init; }

    /// <summary>The tokens that are good now, by agent. Emptying it is what a restart with a lost memory does.</summary>
    internal ConcurrentDictionary<string, string> Tokens { get; } = new();

    internal ConcurrentQueue<(string Path, string? Authorization, string? Traceparent)> Requests { get; } = new();

    /// <summary>Answers instead of the feed. Null as its answer: the feed answers.</summary>
    internal Func<HttpContext, Task<bool>>? Before { get; set; }

    internal async Task<FeedServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{_port}");
        builder.Services.ConfigureHttpJsonOptions(json => json.SerializerOptions.TypeInfoResolverChain.Insert(0, StackJson.Options.TypeInfoResolver!));
        var app = builder.Build();
        app.Use(async (http, next) =>
        {
            Requests.Enqueue((http.Request.Path, http.Request.Headers.Authorization, http.Request.Headers.TraceParent));
            if (Before is not { } before || !await before(http))
            {
                await next();
            }
        });
        app.Use(AuthorizeAsync);
        Map(app);
        await app.StartAsync();
        _port = new Uri(app.Urls.Single()).Port;
        _app = app;
        return this;
    }

    internal async Task StopAsync()
    {
        if (_app is { } app)
        {
            // As a crash would: nobody waits for long polls.
            using var now = new CancellationTokenSource(TimeSpan.Zero);
            await app.StopAsync(now.Token);
            await app.DisposeAsync();
            _app = null;
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task AuthorizeAsync(HttpContext http, RequestDelegate next)
    {
        var bearer = http.Request.Headers.Authorization.ToString() is var header && header.StartsWith("Bearer ", StringComparison.Ordinal) ? header[7..] : null;
        var good = http.Request.Path == "/api/v1/agents" ? JoinToken is null || bearer == JoinToken : bearer is not null && Tokens.Values.Contains(bearer);
        if (good)
        {
            await next(http);
            return;
        }

        await ProblemAsync(http, 401, ProblemTypes.Unauthorized, "The token is wrong.");
    }

    internal static Task ProblemAsync(HttpContext http, int status, string type, string detail)
    {
        http.Response.StatusCode = status;
        return http.Response.WriteAsJsonAsync(new ProblemResource { Type = type, Title = "Refused", Status = status, Detail = detail }, StackJson.Options, "application/problem+json");
    }

    private void Map(WebApplication app)
    {
        app.MapPost("/api/v1/agents", async (HttpContext http, CancellationToken aborted) =>
        {
            var registration = await ReadAsync<AgentRegistration>(http);
            var registered = await feed.RegisterAsync(registration, aborted);
            var token = $"token-{Interlocked.Increment(ref _tokens)}";
            Tokens[registration.AgentId.Value] = token;
            return Json(registered with { Token = token });
        });
        app.MapPost("/api/v1/agents/{id}/deregister", async (string id, HttpContext http) =>
        {
            await feed.DeregisterAsync(new AgentId(id), http.RequestAborted);
            Tokens.TryRemove(id, out _);
            return Results.NoContent();
        });
        app.MapPost("/api/v1/agents/{id}/heartbeat", async (HttpContext http, CancellationToken aborted) => Json(await feed.HeartbeatAsync(await ReadAsync<AgentHeartbeat>(http), aborted)));
        app.MapPost("/api/v1/tasks/claim", async (HttpContext http, CancellationToken aborted) => Json(await feed.ClaimAsync(await ReadAsync<TaskClaim>(http), aborted)));
        app.MapPost("/api/v1/tasks/results", async (HttpContext http, CancellationToken aborted) => Json(await feed.ReportAsync(await ReadAsync<List<ResultEnvelope>>(http), aborted)));
        app.MapPost("/api/v1/tasks/statuses", async (HttpContext http, CancellationToken aborted) =>
        {
            await feed.ReportStatusAsync(await ReadAsync<List<StatusEnvelope>>(http), aborted);
            return Results.NoContent();
        });
        app.MapPost("/api/v1/tasks/{taskId}/start", async (string taskId, string agent_id, HttpContext http) =>
            Json(new { current = await feed.StartAsync(TaskId.Parse(taskId, null), new AgentId(agent_id), http.RequestAborted) }));
        app.MapGet("/api/v1/tasks/{taskId}/steps/{name}/{hash}", async (string taskId, string name, string hash, HttpContext http) =>
            await feed.FindStepAsync(Key(taskId, name, hash), http.RequestAborted) is { } step ? Json(step) : Results.NotFound());
        app.MapPut("/api/v1/tasks/{taskId}/steps/{name}/{hash}", async (string taskId, string name, string hash, HttpContext http) =>
            await feed.RecordStepAsync(TaskId.Parse(taskId, null), Key(taskId, name, hash), await ReadAsync<JsonPayload>(http), http.RequestAborted) is { } step ? Json(step) : Results.Conflict());
    }

    private static StepKey Key(string taskId, string name, string hash) => TaskId.Parse(taskId, null) is var id ? new StepKey(id.WorkflowId, id.Stage, name, hash) : default;

    private static async Task<T> ReadAsync<T>(HttpContext http) => await http.Request.ReadFromJsonAsync<T>(StackJson.Options, http.RequestAborted) ?? throw new BadHttpRequestException("null");

    private static IResult Json<T>(T value) => Results.Json(value, StackJson.Options);
}
