using Stack.Engine;
using Stack.Orchestrator.Api;
using Stack.Orchestrator.Gateway;
using Stack.Orchestrator.Hosting;
using Stack.Orchestrator.Verification;
using Stack.Orchestrator.Workspaces;
using Stack.ServiceDefaults;

namespace Stack.Orchestrator;

/// <summary>The orchestrator, as a table of contents.</summary>
internal static class Program
{
    public static Task<int> Main(string[] args) => HostRun.RunAsync(() => Create(args));

    internal static WebApplication Create(string[] args)
    {
        var builder = WebApplication.CreateSlimBuilder(ServiceArguments.With(args));
        builder.AddHost();
        builder.AddServiceDefaults();
        builder.AddAdapters();
        builder.Services.AddEngine(options => builder.Configuration.GetSection(EngineOptions.Section).Bind(options));
        builder.AddTransport();
        builder.AddApi();
        builder.AddWorkspaces();
        builder.AddGateway();
        builder.AddVerification();

        var app = builder.Build();
        app.PrepareDataDirectory();
        app.UseApi();
        app.MapDefaultEndpoints();
        app.MapApi();
        app.MapGit();
        app.MapGateway();
        return app;
    }
}
