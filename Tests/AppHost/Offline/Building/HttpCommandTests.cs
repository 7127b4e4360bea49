using System.Net;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Stack.Tests.AppHost.Offline.Building;

public sealed class HttpCommandTests
{
    [Fact]
    public async Task WithHttpCommand_Executed_SendsThePreparedRequestAndReadsTheAnswer()
    {
        var requests = new List<string>();
        await using var server = await StartServerAsync(requests);
        await using var application = new TestApplication();
        application.AddSleeper("api").WithEndpoint("http", endpoint => endpoint.UriScheme = "http")
            .WithEndpoint("http", endpoint => endpoint.TargetPort = PortOf(server))
            .WithHttpCommand("/reset", "Reset", commandName: "reset", commandOptions: new() { PrepareRequest = Prepare })
            .WithHttpCommand("/state", "State", commandName: "state", commandOptions: new() { Method = HttpMethod.Get, GetCommandResult = ReadAsync })
            .WithHttpCommand("/nowhere", "Fail", commandName: "fail");
        Occupied(application, "api");
        await application.StartAsync();
        var commands = application.Application.ResourceCommands;
        Assert.True((await commands.ExecuteCommandAsync("api", "reset")).Success);
        Assert.Equal("POST /reset key=secret", Assert.Single(requests));
        Assert.Equal("seen 200", (await commands.ExecuteCommandAsync("api", "state")).Message);
        var failed = await commands.ExecuteCommandAsync("api", "fail");
        Assert.False(failed.Success);
        Assert.Contains("404", failed.ErrorMessage, StringComparison.Ordinal);

        static Task Prepare(HttpCommandRequestContext context)
        {
            context.Request.Headers.Add("key", "secret");
            return Task.CompletedTask;
        }

        static Task<ExecuteCommandResult> ReadAsync(HttpCommandResultContext context) => Task.FromResult(CommandResults.Success($"seen {(int)context.Response.StatusCode}"));
    }

    [Fact]
    public void WithHttpCommand_NoHttpEndpoint_SaysWhatToDeclare()
    {
        var builder = DistributedApplication.CreateBuilder([]);
        var failure = Assert.Throws<DistributedApplicationException>(() => builder.AddContainer("box", "image").WithHttpCommand("/x", "X"));
        Assert.Contains("WithHttpEndpoint", failure.Message, StringComparison.Ordinal);
    }

    // The port is this test's own server's, so the check that nobody has it must not be asked.
    private static void Occupied(TestApplication application, string name)
    {
        var resource = application.Builder.Resources.Single(one => one.Name == name);
        application.Builder.CreateResourceBuilder(resource).WithExplicitStart();
    }

    private static int PortOf(WebApplication server) =>
        new Uri(server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    private static async Task<WebApplication> StartServerAsync(List<string> requests)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Services.AddRouting();
        var server = builder.Build();
        server.Urls.Add("http://127.0.0.1:0");
        server.MapPost("/reset", (HttpContext context) =>
        {
            requests.Add($"POST /reset key={context.Request.Headers["key"]}");
            return Results.StatusCode((int)HttpStatusCode.NoContent);
        });
        server.MapGet("/state", () => Results.Ok());
        await server.StartAsync();
        return server;
    }
}
