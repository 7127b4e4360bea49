using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Stack.AppHost;
using Stack.Tests.AppHost.Offline;

namespace Stack.Tests.AppHost;

public sealed class OllamaTests
{
    [Fact]
    public async Task AddModel_ServerIsReady_PullsItAndRuns()
    {
        var asked = new List<string>();
        await using var server = WebApplication.CreateSlimBuilder().Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapPost("/api/pull", async (HttpContext context) =>
        {
            using var body = new StreamReader(context.Request.Body);
            asked.Add(await body.ReadToEndAsync());
            await context.Response.WriteAsync("{\"status\":\"pulling manifest\"}\n{\"status\":\"success\"}\n");
        });
        await server.StartAsync();
        await using var application = new TestApplication("--infrastructure", "embedded");
        var ollama = application.Builder.AddOllama("ollama");
        ollama.AddModel("model", "qwen3:4b");
        // In place of a server that was started: this test's.
        var endpoint = ollama.Resource.PrimaryEndpoint.EndpointAnnotation;
        endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, "127.0.0.1", new Uri(server.Urls.First()).Port);
        await application.StartAsync();
        await application.States.WaitForResourceAsync("model", KnownResourceStates.Running, TestApplication.Deadline);
        Assert.Equal("{\"model\":\"qwen3:4b\"}", Assert.Single(asked));
        Assert.Contains(application.Log("model"), line => line.Contains("success", StringComparison.Ordinal));
    }

    [Fact]
    public async Task AddModel_NoServer_StaysNotStarted()
    {
        await using var application = new TestApplication("--infrastructure", "embedded");
        application.Builder.AddOllama("ollama").AddModel("model", "qwen3:4b");
        await application.StartAsync();
        await application.States.WaitForResourceHealthyAsync("ollama", TestApplication.Deadline);
        Assert.Equal(KnownResourceStates.NotStarted, application.StateOf("model")?.State?.Text);
    }
}
