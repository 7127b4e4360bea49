using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting.Kubernetes
{
    /// <summary>A deployment to Kubernetes with a Helm chart.</summary>
    public class KubernetesEnvironmentResource(string name) : Resource(name), IComputeEnvironmentResource
    {
        /// <summary>The chart's name; null means the application's.</summary>
        public string? HelmChartName { get; set; }

        /// <summary>The chart's version.</summary>
        /// <value>Default 0.1.0.</value>
        public string HelmChartVersion { get; set; } = "0.1.0";

        /// <summary>What the chart says about itself.</summary>
        /// <value>Default "Aspire Helm Chart".</value>
        public string HelmChartDescription { get; set; } = "Aspire Helm Chart";

        /// <summary>Whether Aspire's dashboard is deployed beside the services, and gets their telemetry.</summary>
        /// <value>Default true.</value>
        public bool DashboardEnabled { get; set; } = true;

        /// <summary>How volumes are kept: <c>pvc</c> (claims, which outlive the pod), <c>emptydir</c> (gone with the pod) or <c>hostpath</c>.</summary>
        /// <value>Default pvc. Aspire's is emptydir, which loses the data.</value>
        public string DefaultStorageType { get; set; } = "pvc";

        /// <summary>The storage class of claims; null means the cluster's default.</summary>
        public string? DefaultStorageClassName { get; set; }

        /// <summary>The size of claims.</summary>
        /// <value>Default 1Gi.</value>
        public string DefaultStorageSize { get; set; } = "1Gi";

        /// <summary>The access mode of claims.</summary>
        /// <value>Default ReadWriteOnce.</value>
        public string DefaultStorageReadWritePolicy { get; set; } = "ReadWriteOnce";

        /// <summary>When images are pulled.</summary>
        /// <value>Default IfNotPresent.</value>
        public string DefaultImagePullPolicy { get; set; } = "IfNotPresent";

        /// <summary>The type of services.</summary>
        /// <value>Default ClusterIP.</value>
        public string DefaultServiceType { get; set; } = "ClusterIP";
    }
}

namespace Aspire.Hosting
{
    /// <summary>Describes deployments to Kubernetes.</summary>
    public static class KubernetesEnvironmentExtensions
    {
        /// <summary>Adds a deployment to Kubernetes; a run does not see it.</summary>
        public static IResourceBuilder<KubernetesEnvironmentResource> AddKubernetesEnvironment(this IDistributedApplicationBuilder builder, [ResourceName] string name)
        {
            ArgumentNullException.ThrowIfNull(builder);
            var resource = new KubernetesEnvironmentResource(name);
            return builder.ExecutionContext.IsRunMode ? builder.CreateResourceBuilder(resource) : builder.AddResource(resource).ExcludeFromManifest();
        }

        /// <summary>Sets properties of the deployment.</summary>
        public static IResourceBuilder<KubernetesEnvironmentResource> WithProperties(
            this IResourceBuilder<KubernetesEnvironmentResource> builder, Action<KubernetesEnvironmentResource> configure)
        {
            ArgumentNullException.ThrowIfNull(builder);
            ArgumentNullException.ThrowIfNull(configure);
            configure(builder.Resource);
            return builder;
        }

        /// <summary>Deploys Aspire's dashboard beside the services, or not.</summary>
        public static IResourceBuilder<KubernetesEnvironmentResource> WithDashboard(this IResourceBuilder<KubernetesEnvironmentResource> builder, bool enabled = true) =>
            builder.WithProperties(environment => environment.DashboardEnabled = enabled);
    }
}
