using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using Stack.Messaging.Redis;
using Stack.Tests.Orchestrator.Api;
using Stack.Tests.Servers;
using StackExchange.Redis;

namespace Stack.Tests.Orchestrator.Messaging.Redis;

/// <summary>A real orchestrator with Redis, and without it: work goes on, health says so within five seconds, and the views come back.</summary>
[Collection(RedisTests.Name)]
[NeedsServer("redis-server")]
public sealed class RedisFailureTests(RedisServer server)
{
    private static readonly TimeSpan Detection = TimeSpan.FromSeconds(5);

    [ServerFact]
    public async Task Views_WorkWaitsAndEnds_AreTrue()
    {
        var address = server.OwnAddress();
        await using var host = await OrchestratorHost.StartAsync("ConnectionStrings:redis=" + address);
        using var connection = await RedisServer.ConnectAsync(address);
        var redis = connection.GetDatabase();
        var heard = new ConcurrentQueue<string>();
        await connection.GetSubscriber().SubscribeAsync("orchestrator:results", (_, value) => heard.Enqueue(value!));
        var definition = await host.DefineAsync(1);
        for (var i = 0; i < 3; i++)
        {
            await host.SubmitAsync(definition);
        }

        await Eventually.TrueAsync(async () => await redis.ListLengthAsync("agent:tasks:" + definition) == 3, "LLEN is 3.");
        await using var agent = await TestAgent.RegisterAsync(host, definition);
        await Eventually.TrueAsync(async () => await redis.HashExistsAsync("agent:registry", agent.Id.Value), "The agent is in the registry.");
        var tasks = await agent.ClaimAsync(most: 3);
        foreach (var task in tasks)
        {
            await agent.CompleteAsync(task.TaskId);
        }

        await Eventually.TrueAsync(async () => await redis.ListLengthAsync("agent:tasks:" + definition) == 0, "LLEN is 0.");
        await Eventually.TrueAsync(() => tasks.All(task => heard.Any(text => text.Contains($"\"task_id\":\"{task.TaskId}\"", StringComparison.Ordinal))), "Every result was notified.");
    }

    [ServerFact]
    public async Task Paused_WorkGoesOnAndHealthSaysSo_UntilItReturns()
    {
        await using var host = await StartAsync();
        server.Pause();
        try
        {
            await DegradedAsync(host);
            await CompleteOneAsync(host);
        }
        finally
        {
            server.Resume();
        }

        await HealthyAsync(host);
    }

    [ServerFact]
    public async Task KilledAndEmpty_WorkGoesOn_ViewsAreRebuilt()
    {
        var address = server.OwnAddress();
        await using var host = await StartAsync(address);
        await server.KillAsync();
        string definition;
        try
        {
            await DegradedAsync(host);
            definition = await CompleteOneAsync(host);
            await host.SubmitAsync(definition);
        }
        finally
        {
            await server.StartAsync();
        }

        await HealthyAsync(host);
        using var connection = await RedisServer.ConnectAsync(address);
        await Eventually.TrueAsync(async () => await connection.GetDatabase().ListLengthAsync("agent:tasks:" + definition) == 1, "LLEN is 1.");
        await Eventually.TrueAsync(async () => await connection.GetDatabase().HashLengthAsync("agent:registry") > 0, "The agents are in the registry again.");
    }

    [ServerFact]
    public async Task Full_WorkGoesOnAndHealthSaysSo_UntilThereIsRoom()
    {
        var address = server.OwnAddress();
        await using var host = await StartAsync(address);
        using var connection = await RedisServer.ConnectAsync(address);
        var redis = connection.GetDatabase();
        await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", "1");
        try
        {
            await DegradedAsync(host);
            await CompleteOneAsync(host);
        }
        finally
        {
            await redis.ExecuteAsync("CONFIG", "SET", "maxmemory", "0");
        }

        await HealthyAsync(host);
    }

    [ServerFact]
    public async Task Address_PasswordComesFirst_IsNotLogged()
    {
        var lines = new ConcurrentQueue<string>();
        using var loggers = LoggerFactory.Create(logging => logging.AddProvider(new TextProvider(lines)));
        using var link = new RedisLink(new RedisOptions { Address = "password=secret,127.0.0.1:1" }, TimeProvider.System, loggers.CreateLogger<RedisLink>());
        Assert.False(await link.RunOnceAsync(CancellationToken.None));
        var line = Assert.Single(lines);
        Assert.Contains("Redis at 127.0.0.1:1 ", line, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", line, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task AwayFromTheStart_OrchestratorStartsAndWorks()
    {
        await using var host = await OrchestratorHost.StartAsync("ConnectionStrings:redis=127.0.0.1:1,password=x");
        await DegradedAsync(host);
        await CompleteOneAsync(host);
    }

    private async Task<OrchestratorHost> StartAsync(string? address = null)
    {
        var host = await OrchestratorHost.StartAsync("ConnectionStrings:redis=" + (address ?? server.OwnAddress()));
        await HealthyAsync(host);
        return host;
    }

    private static async Task<string> CompleteOneAsync(OrchestratorHost host)
    {
        var began = Stopwatch.GetTimestamp();
        var definition = await host.DefineAsync(1);
        var workflow = await host.SubmitAsync(definition);
        await using var agent = await TestAgent.RegisterAsync(host, definition);
        await agent.CompleteAsync((await agent.ClaimOneAsync()).TaskId);
        await host.UntilAsync(workflow.Id, shown => shown.Status is WorkflowStatus.Completed, "It is completed");
        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(5), "Work waited for Redis.");
        return definition;
    }

    private sealed class TextProvider(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));

        public void Dispose()
        {
            // The test keeps the lines.
        }
    }

    private static Task DegradedAsync(OrchestratorHost host) => Eventually.TrueAsync(
        async () => await StateAsync(host) is ("degraded", "degraded", { } message) && message.StartsWith("Redis cannot be used", StringComparison.Ordinal), () => "Health is degraded and names Redis.", Detection);

    private static Task HealthyAsync(OrchestratorHost host) => Eventually.TrueAsync(async () => await StateAsync(host) is (_, "healthy", _), () => "Redis is healthy.", TimeSpan.FromSeconds(20));

    private static async Task<(string? Status, string? Redis, string? Message)> StateAsync(OrchestratorHost host)
    {
        using var answer = await host.Client.GetAsync("/health/ready");
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        var redis = body.RootElement.GetProperty("components").GetProperty("redis");
        Assert.True(redis.TryGetProperty("since", out _));
        return (body.RootElement.GetProperty("status").GetString(), redis.GetProperty("status").GetString(), redis.GetProperty("message").GetString());
    }
}
