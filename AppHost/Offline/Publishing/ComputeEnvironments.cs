using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.ApplicationModel
{
    /// <summary>Where an application is deployed to.</summary>
    public interface IComputeEnvironmentResource : IResource;

    /// <summary>Says where the resource is deployed to.</summary>
    public sealed class ComputeEnvironmentAnnotation(IComputeEnvironmentResource computeEnvironment) : IResourceAnnotation
    {
        /// <summary>The place.</summary>
        public IComputeEnvironmentResource ComputeEnvironment { get; } = computeEnvironment;
    }
}

namespace Aspire.Hosting
{
    public static partial class ResourceBuilderExtensions
    {
        /// <summary>Says where the resource is deployed to; needed only when the application has several places.</summary>
        public static IResourceBuilder<T> WithComputeEnvironment<T>(this IResourceBuilder<T> builder, IResourceBuilder<IComputeEnvironmentResource> computeEnvironmentResource)
            where T : IComputeResource
        {
            ArgumentNullException.ThrowIfNull(builder);
            ArgumentNullException.ThrowIfNull(computeEnvironmentResource);
            return builder.WithAnnotation(new ComputeEnvironmentAnnotation(computeEnvironmentResource.Resource), ResourceAnnotationMutationBehavior.Replace);
        }

        /// <summary>Leaves the resource out of everything that is published.</summary>
        public static IResourceBuilder<T> ExcludeFromManifest<T>(this IResourceBuilder<T> builder) where T : IResource
        {
            ArgumentNullException.ThrowIfNull(builder);
            return builder.WithAnnotation(ManifestPublishingCallbackAnnotation.Ignore, ResourceAnnotationMutationBehavior.Replace);
        }
    }
}
