namespace Stack.AppHost;

/// <summary>What a deployment has that a run on this machine does not, with nothing but Aspire's public API.</summary>
internal static class Deployment
{
    // The home of the images' user, which belongs to that user: a volume mounted there does, too.
    private const string Home = "/home/app";

    /// <summary>Adds the place to deploy to. Aspire publishes to one at a time, so it is chosen: <c>--target compose</c> or <c>--target kubernetes</c>.</summary>
    internal static void AddDeploymentTarget(this IDistributedApplicationBuilder builder)
    {
        switch (builder.Configuration["target"])
        {
            case "compose":
                builder.AddDockerComposeEnvironment("compose").WithDashboard(false);
                break;
            case "kubernetes":
                builder.AddKubernetesEnvironment("kubernetes").WithDashboard(false);
                break;
        }
    }

    /// <summary>
    /// Keeps a service's data in a folder of this machine; deployed, in a volume. <paramref name="shared"/>: what instances have in common is in the volume, the rest dies with its container.
    /// </summary>
    internal static IResourceBuilder<ProjectResource> WithData(this IResourceBuilder<ProjectResource> project, string folder, bool shared = false) =>
        project.ApplicationBuilder.ExecutionContext.IsRunMode
            ? project.WithEnvironment("Stack__DataDirectory", folder)
            : (shared ? project.WithEnvironment("Stack__DataDirectory", "/tmp/stack").WithEnvironment("Stack__SharedDirectory", $"{Home}/stack") : project.WithEnvironment("Stack__DataDirectory", $"{Home}/stack"))
                .WithAnnotation(new ContainerMountAnnotation($"{project.Resource.Name}-data", Home, ContainerMountType.Volume, isReadOnly: false));

    /// <summary>Asks for a key: deployed, the service listens beyond its own machine.</summary>
    internal static IResourceBuilder<ProjectResource> WithApiKey(this IResourceBuilder<ProjectResource> project)
    {
        var application = project.ApplicationBuilder;
        return application.ExecutionContext.IsRunMode
            ? project
            : project.WithEnvironment("Stack__ApiKeys__admin", application.AddParameter("api-key", new GenerateParameterDefault { MinLength = 40, Special = false }, secret: true));
    }
}
