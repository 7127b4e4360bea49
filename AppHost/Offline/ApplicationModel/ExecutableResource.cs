namespace Aspire.Hosting.ApplicationModel;

/// <summary>A program of this machine.</summary>
public class ExecutableResource : Resource, IResourceWithEnvironment, IResourceWithArgs, IResourceWithEndpoints, IResourceWithWaitSupport, IResourceWithProbes, IComputeResource
{
    /// <summary>The program <paramref name="command"/>, started in <paramref name="workingDirectory"/>.</summary>
    public ExecutableResource(string name, string command, string workingDirectory) : base(name)
    {
        ArgumentException.ThrowIfNullOrEmpty(command);
        ArgumentNullException.ThrowIfNull(workingDirectory);
        Annotations.Add(new ExecutableAnnotation { Command = command, WorkingDirectory = workingDirectory });
    }

    /// <summary>The program: a path, or a name that is looked up in PATH.</summary>
    public string Command => Annotation.Command;

    /// <summary>The folder it is started in.</summary>
    public string WorkingDirectory => Annotation.WorkingDirectory;

    private ExecutableAnnotation Annotation => Annotations.OfType<ExecutableAnnotation>().Last();
}

/// <summary>The program to start.</summary>
public sealed class ExecutableAnnotation : IResourceAnnotation
{
    /// <summary>A path, or a name that is looked up in PATH.</summary>
    public required string Command { get; set; }

    /// <summary>The folder it is started in.</summary>
    public required string WorkingDirectory { get; set; }
}
