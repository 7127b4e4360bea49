using Stack.Agents.Runtime;

namespace Stack.Agents.Deployment;

/// <summary>Wires the deployment agent and its supervisor into a host.</summary>
internal static class DeploymentHosting
{
    /// <summary>Adds them.</summary>
    /// <param name="builder">The host.</param>
    public static void AddDeployment(this IHostApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSingleton(provider => new DeploymentRoot(Path.GetFullPath(Path.Combine(provider.GetRequiredService<StackSettings>().DataDirectory, "deployments")), Environment.MachineName));
        services.AddSingleton(provider => new Deployments(provider.GetRequiredService<AgentClients>().Orchestrator));
        services.AddSingleton(provider => new DeploymentSupervisor(
            provider.GetRequiredService<DeploymentRoot>(),
            provider.GetRequiredService<Deployments>(),
            provider.GetRequiredService<ProcessTool>(),
            provider.GetRequiredService<AgentClients>().Elsewhere,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<DeploymentSupervisor>>()));
        services.AddHostedService(provider => provider.GetRequiredService<DeploymentSupervisor>());
        services.AddSingleton<IAgent, DeploymentAgent>();
    }
}
