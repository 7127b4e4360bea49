using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;

namespace Aspire.Hosting.Docker
{
    /// <summary>A deployment with Docker Compose.</summary>
    public class DockerComposeEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource
    {
        /// <summary>The network of the containers; null means <c>aspire</c>.</summary>
        public string? DefaultNetworkName { get; set; }

        /// <summary>Whether Aspire's dashboard is deployed beside the services, and gets their telemetry.</summary>
        /// <value>Default true.</value>
        public bool DashboardEnabled { get; set; } = true;
    }
}

namespace Aspire.Hosting
{
    /// <summary>Describes deployments with Docker Compose.</summary>
    public static class DockerComposeEnvironmentExtensions
    {
        /// <summary>Adds a deployment with Docker Compose; a run does not see it.</summary>
        public static IResourceBuilder<DockerComposeEnvironmentResource> AddDockerComposeEnvironment(this IDistributedApplicationBuilder builder, [ResourceName] string name)
        {
            ArgumentNullException.ThrowIfNull(builder);
            var resource = new DockerComposeEnvironmentResource(name);
            return builder.ExecutionContext.IsRunMode ? builder.CreateResourceBuilder(resource) : builder.AddResource(resource).ExcludeFromManifest();
        }

        /// <summary>Sets properties of the deployment.</summary>
        public static IResourceBuilder<DockerComposeEnvironmentResource> WithProperties(
            this IResourceBuilder<DockerComposeEnvironmentResource> builder, Action<DockerComposeEnvironmentResource> configure)
        {
            ArgumentNullException.ThrowIfNull(builder);
            ArgumentNullException.ThrowIfNull(configure);
            configure(builder.Resource);
            return builder;
        }

        /// <summary>Deploys Aspire's dashboard beside the services, or not.</summary>
        public static IResourceBuilder<DockerComposeEnvironmentResource> WithDashboard(this IResourceBuilder<DockerComposeEnvironmentResource> builder, bool enabled = true) =>
            builder.WithProperties(environment => environment.DashboardEnabled = enabled);
    }
}
