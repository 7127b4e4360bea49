using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Tests.Agents.Runtime;

/// <summary>One agent process in the test's process: the real wiring, with a feed of the test's choice.</summary>
internal sealed class AgentHostFixture : IAsyncDisposable
{
    private readonly WebApplication _app;
    private bool _stopped;

    private AgentHostFixture(WebApplication app) => _app = app;

    internal AgentId Id => _app.Services.GetRequiredService<AgentHome>().Id;

    internal string WorkRoot => _app.Services.GetRequiredService<AgentHome>().WorkRoot;

    internal HealthMeter Health => _app.Services.GetRequiredService<HealthMeter>();

    internal HealthCheckService Checks => _app.Services.GetRequiredService<HealthCheckService>();

    internal static async Task<AgentHostFixture> StartAsync(IAgent agent, TemporaryFolder folder, ITaskFeed? feed = null, params (string Key, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Stack:DataDirectory"] = folder.Path, ["Agent:DrainGrace"] = "00:00:00.3" });
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => pair.Value));
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddAgent(new AgentType(agent.Type, MaxConcurrency: 4, host => host.Services.AddSingleton(agent)));
        if (feed is not null)
        {
            builder.Services.AddSingleton(feed);
        }

        var app = builder.Build();
        await app.StartAsync();
        return new AgentHostFixture(app);
    }

    internal async Task StopAsync()
    {
        if (!_stopped)
        {
            _stopped = true;
            await _app.StopAsync();
            await _app.DisposeAsync();
        }
    }

    public async ValueTask DisposeAsync() => await StopAsync();
}

/// <summary>An agent of type <c>test</c> whose work is a function.</summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by tests.")]
internal sealed class ScriptedAgent(Func<AgentContext, CancellationToken, Task<StageOutcome>> work, bool usesWorkspace = false) : IAgent
{
    public string Type => "test";

    public bool UsesWorkspace => usesWorkspace;

    public Task<StageOutcome> ExecuteAsync(AgentContext context, CancellationToken cancellationToken) => work(context, cancellationToken);

    internal static ScriptedAgent Of(Func<AgentContext, StageOutcome> work) => new((context, _) => Task.FromResult(work(context)));
}
