using Microsoft.Extensions.Options;
using Stack.Engine;
using Stack.Orchestrator.Hosting;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Orchestrator.Workspaces;

/// <summary>Adds the workspaces.</summary>
internal static class WorkspaceServices
{
    public static void AddWorkspaces(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<WorkspaceOptions>()
            .Configure<IConfiguration, IOptions<OrchestratorOptions>>((options, configuration, host) => options.Read(configuration, host.Value.LoopbackOnly))
            .ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<WorkspaceOptions>>(new Refusals<WorkspaceOptions>(WorkspaceOptions.Refusals));
        builder.Services.AddSingleton(services => new GitCommand(services.GetRequiredService<IOptions<OrchestratorOptions>>().Value.DataDirectory));
        builder.Services.AddSingleton(services => new GitRepositories(services.GetRequiredService<IOptions<OrchestratorOptions>>().Value.SharedDirectory));
        builder.Services.AddSingleton<WorkspaceFiles>();
        builder.Services.AddSingleton<WorkspaceSeed>();
        builder.Services.AddSingleton<WorkspaceCopy>();
        builder.Services.AddSingleton<IWorkspaces>(services => new GitWorkspaces(
            services.GetRequiredService<GitCommand>(),
            services.GetRequiredService<GitRepositories>(),
            services.GetRequiredService<IOptions<OrchestratorOptions>>().Value.LoopbackOnly,
            services.GetRequiredService<TimeProvider>(),
            services.GetRequiredService<ILogger<GitWorkspaces>>()));
        builder.Services.AddPreflightCheck<GitPreflight>();
        builder.Services.AddHostedService<InitializationWorker>();
    }
}
