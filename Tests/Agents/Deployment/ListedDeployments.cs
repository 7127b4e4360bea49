using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Stack.Contracts;

namespace Stack.Tests.Agents.Deployment;

/// <summary>The orchestrator's list of deployments, in memory behind HTTP. It can be taken away and given back.</summary>
internal sealed class ListedDeployments : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, DeploymentResource> _stored = new();
    private readonly WebApplication _app;

    private ListedDeployments(WebApplication app) => _app = app;

    internal HttpClient Client { get; } = new();

    internal bool IsAway { get; set; }

    internal DeploymentResource this[string name] => _stored[name];

    internal static async Task<ListedDeployments> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var list = new ListedDeployments(app);
        app.MapGet("/api/v1/deployments", () => list.IsAway ? Results.StatusCode(503) : Results.Json(new DeploymentList([.. list._stored.Values]), StackJson.Options));
        app.MapPut("/api/v1/deployments/{name}", async (string name, HttpRequest request) =>
        {
            var written = (await request.ReadFromJsonAsync<DeploymentResource>(StackJson.Options))!;
            return list.IsAway ? Results.StatusCode(503) : Results.Json(list.Write(name, written), StackJson.Options);
        });
        await app.StartAsync();
        list.Client.BaseAddress = new Uri(app.Urls.Single());
        return list;
    }

    internal void Want(string name, DesiredState desired) => _stored[name] = _stored[name] with { Desired = desired };

    internal void Forget(string name) => _stored.TryRemove(name, out _);

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private DeploymentResource Write(string name, DeploymentResource written) => _stored.AddOrUpdate(
        name, written, (_, stored) => written with { Desired = stored.Release == written.Release ? stored.Desired : written.Desired });
}
