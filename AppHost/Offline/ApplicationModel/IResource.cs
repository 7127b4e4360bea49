namespace Aspire.Hosting.ApplicationModel;

/// <summary>A part of the application.</summary>
public interface IResource
{
    /// <summary>The name, unique in the application without regard to case.</summary>
    string Name { get; }

    /// <summary>Everything known about the resource.</summary>
    ResourceAnnotationCollection Annotations { get; }
}

/// <summary>A resource that takes environment variables.</summary>
public interface IResourceWithEnvironment : IResource;

/// <summary>A resource that takes command-line arguments.</summary>
public interface IResourceWithArgs : IResource;

/// <summary>A resource that others reach over the network.</summary>
public interface IResourceWithEndpoints : IResource;

/// <summary>A resource that can wait for others before it starts.</summary>
public interface IResourceWithWaitSupport : IResource;

/// <summary>A resource that can be probed by the platform that runs it.</summary>
public interface IResourceWithProbes : IResource;

/// <summary>A resource that neither starts nor stops; waiting for it is no wait.</summary>
public interface IResourceWithoutLifetime : IResource;

/// <summary>A resource that a deployment runs.</summary>
public interface IComputeResource : IResource;

/// <summary>A resource that can take files into its image.</summary>
public interface IContainerFilesDestinationResource : IResource;

/// <summary>A resource that belongs to another.</summary>
public interface IResourceWithParent : IResource
{
    /// <summary>The resource it belongs to.</summary>
    IResource Parent { get; }
}

/// <inheritdoc/>
public interface IResourceWithParent<out T> : IResourceWithParent where T : IResource
{
    /// <inheritdoc cref="IResourceWithParent.Parent"/>
    new T Parent { get; }

    IResource IResourceWithParent.Parent => Parent;
}
