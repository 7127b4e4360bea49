namespace Aspire.Hosting.ApplicationModel;

/// <summary>A program that comes as a container image.</summary>
public class ContainerResource(string name, string? entrypoint = null)
    : Resource(name), IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource
{
    /// <summary>What is started in the container; null means what the image says.</summary>
    public string? Entrypoint { get; set; } = entrypoint;

    /// <summary>Whether the arguments are one shell line; null means no.</summary>
    public bool? ShellExecution { get; set; }
}
