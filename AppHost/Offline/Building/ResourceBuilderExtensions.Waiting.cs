using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ResourceBuilderExtensions
{
    /// <summary>Starts the resource only when another runs, is healthy and is ready.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency) where T : IResourceWithWaitSupport =>
        AddWait(builder, dependency, WaitType.WaitUntilHealthy, waitBehavior: null);

    /// <summary>Starts the resource only when another runs, is healthy and is ready.</summary>
    public static IResourceBuilder<T> WaitFor<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitBehavior waitBehavior)
        where T : IResourceWithWaitSupport => AddWait(builder, dependency, WaitType.WaitUntilHealthy, waitBehavior);

    /// <summary>Starts the resource only when another runs, healthy or not.</summary>
    public static IResourceBuilder<T> WaitForStart<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency) where T : IResourceWithWaitSupport =>
        AddWait(builder, dependency, WaitType.WaitUntilStarted, waitBehavior: null);

    /// <summary>Starts the resource only when another runs, healthy or not.</summary>
    public static IResourceBuilder<T> WaitForStart<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitBehavior waitBehavior)
        where T : IResourceWithWaitSupport => AddWait(builder, dependency, WaitType.WaitUntilStarted, waitBehavior);

    /// <summary>Starts the resource only when another ended with the exit code.</summary>
    public static IResourceBuilder<T> WaitForCompletion<T>(this IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, int exitCode = 0)
        where T : IResourceWithWaitSupport => AddWait(builder, dependency, WaitType.WaitForCompletion, waitBehavior: null, exitCode);

    /// <summary>Starts the resource only when it is told to.</summary>
    public static IResourceBuilder<T> WithExplicitStart<T>(this IResourceBuilder<T> builder) where T : IResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new ExplicitStartupAnnotation());
    }

    private static IResourceBuilder<T> AddWait<T>(
        IResourceBuilder<T> builder, IResourceBuilder<IResource> dependency, WaitType waitType, WaitBehavior? waitBehavior, int exitCode = 0)
        where T : IResourceWithWaitSupport
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(dependency);
        var (waiter, awaited) = ((IResource)builder.Resource, dependency.Resource);
        if (ReferenceEquals(waiter, awaited))
        {
            throw new DistributedApplicationException($"The '{waiter.Name}' resource cannot wait for itself.");
        }
        if (waiter is IResourceWithParent child && ReferenceEquals(child.Parent, awaited))
        {
            throw new DistributedApplicationException($"The '{waiter.Name}' resource cannot wait for its parent '{awaited.Name}'.");
        }
        // What belongs to another is there only when the other is.
        if (awaited is IResourceWithParent { Parent: var parent } && waitType != WaitType.WaitForCompletion)
        {
            builder.WithAnnotation(new WaitAnnotation(parent, waitType) { WaitBehavior = waitBehavior });
        }
        return builder.WithRelationship(awaited, KnownRelationshipTypes.WaitFor)
            .WithAnnotation(new WaitAnnotation(awaited, waitType, exitCode) { WaitBehavior = waitBehavior });
    }
}
