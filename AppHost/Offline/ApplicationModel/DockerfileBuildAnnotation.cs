namespace Aspire.Hosting.ApplicationModel;

/// <summary>Says that the image is built of a Dockerfile.</summary>
public class DockerfileBuildAnnotation(string contextPath, string dockerfilePath, string? stage) : IResourceAnnotation
{
    /// <summary>The folder the build sees.</summary>
    public string ContextPath { get; } = contextPath;

    /// <summary>The Dockerfile.</summary>
    public string DockerfilePath { get; } = dockerfilePath;

    /// <summary>The stage that is built; null means the last.</summary>
    public string? Stage { get; } = stage;

    /// <summary>The build's arguments: texts, and values that are known at run time; null takes the one of the host's environment.</summary>
    public Dictionary<string, object?> BuildArguments { get; } = [];

    /// <summary>The build's secrets: values that reach it as files and stay out of the image.</summary>
    public Dictionary<string, object> BuildSecrets { get; } = [];

    /// <summary>The image's name; null means the resource's.</summary>
    public string? ImageName { get; set; }

    /// <summary>The image's tag; null means one made of the content.</summary>
    public string? ImageTag { get; set; }

    /// <summary>Whether the image says itself what is started.</summary>
    /// <value>Default true.</value>
    public bool HasEntrypoint { get; set; } = true;
}
