using System.Diagnostics.CodeAnalysis;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ProjectResourceBuilderExtensions
{
    /// <summary>Adds a project, a folder with one, or a single C# file, relative to the application host's project. A single file is built when it is started.</summary>
    [Experimental("ASPIRECSHARPAPPS001")]
    public static IResourceBuilder<ProjectResource> AddCSharpApp(this IDistributedApplicationBuilder builder, [ResourceName] string name, string path) =>
        AddApp(builder, name, path, new());

    /// <inheritdoc cref="AddCSharpApp(IDistributedApplicationBuilder, string, string)"/>
    [Experimental("ASPIRECSHARPAPPS001")]
    public static IResourceBuilder<CSharpAppResource> AddCSharpApp(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string path, Action<ProjectResourceOptions> configure) =>
        AddApp(builder, name, path, OptionsOf(configure));

    /// <summary>Does not let a deployed project trust the headers of a proxy.</summary>
    public static IResourceBuilder<ProjectResource> DisableForwardedHeaders(this IResourceBuilder<ProjectResource> builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.WithAnnotation(new DisableForwardedHeadersAnnotation(), ResourceAnnotationMutationBehavior.Replace);
    }

    private static IResourceBuilder<CSharpAppResource> AddApp(IDistributedApplicationBuilder builder, string name, string path, ProjectResourceOptions options)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(path);
        var full = Path.GetFullPath(path.Replace('\\', Path.DirectorySeparatorChar), builder.AppHostDirectory);
        return Add(builder, new CSharpAppResource(name), new ProjectMetadata(ProjectIn(name, full)), options);
    }

    private static string ProjectIn(string name, string path)
    {
        if (!Directory.Exists(path))
        {
            return path;
        }
        var projects = Directory.GetFiles(path, "*.csproj");
        return projects.Length == 1
            ? projects[0]
            : throw new DistributedApplicationException($"The folder {path} of '{name}' has {projects.Length} projects. Give the path of one.");
    }
}
