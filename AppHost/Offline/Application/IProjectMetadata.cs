using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

/// <summary>What the build knows of a project; the classes in the namespace Projects are generated.</summary>
public interface IProjectMetadata : IResourceAnnotation
{
    /// <summary>The full path of the project file.</summary>
    string ProjectPath { get; }

    /// <summary>The launch settings; null means those of the file beside the project.</summary>
    LaunchSettings? LaunchSettings => null;

    /// <summary>Whether the project needs no build before it is started.</summary>
    bool SuppressBuild => false;

    /// <summary>Whether the project is a single file.</summary>
    bool IsFileBasedApp => false;
}

/// <summary>A project whose output the build of the application host made.</summary>
public interface IBuiltProjectMetadata : IProjectMetadata
{
    /// <summary>The full path of the assembly to start.</summary>
    string TargetPath { get; }
}

/// <summary>A resource that others find by name.</summary>
public interface IResourceWithServiceDiscovery : IResourceWithEndpoints;
