using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting;

public static partial class ContainerResourceBuilderExtensions
{
    /// <summary>Adds a container whose image is built of a Dockerfile.</summary>
    /// <param name="builder">The application.</param>
    /// <param name="name">The resource's name.</param>
    /// <param name="contextPath">The folder the build sees, relative to the application host's project.</param>
    /// <param name="dockerfilePath">The Dockerfile, relative to that folder; null means <c>Dockerfile</c>.</param>
    /// <param name="stage">The stage that is built; null means the last.</param>
    public static IResourceBuilder<ContainerResource> AddDockerfile(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string contextPath, string? dockerfilePath = null, string? stage = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.AddResource(new ContainerResource(name)).WithDockerfile(contextPath, dockerfilePath, stage);
    }

    /// <summary>Builds the image of a Dockerfile in place of pulling it.</summary>
    /// <inheritdoc cref="AddDockerfile"/>
    public static IResourceBuilder<T> WithDockerfile<T>(this IResourceBuilder<T> builder, string contextPath, string? dockerfilePath = null, string? stage = null)
        where T : ContainerResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(contextPath);
        var context = Path.GetFullPath(contextPath, builder.ApplicationBuilder.AppHostDirectory);
        var file = Path.GetFullPath(dockerfilePath ?? "Dockerfile", context);
        var image = builder.Resource.Name.ToLowerInvariant();
        var tag = DockerfileTag(context, file, stage);
        foreach (var earlier in builder.Resource.Annotations.OfType<ContainerImageAnnotation>().ToArray())
        {
            builder.Resource.Annotations.Remove(earlier);
        }
        return builder.WithAnnotation(new DockerfileBuildAnnotation(context, file, stage) { ImageName = image, ImageTag = tag }, ResourceAnnotationMutationBehavior.Replace)
            .WithImage(image, tag);
    }

    /// <summary>Gives the build an argument: a text, or a value that is known at run time; null takes the variable of that name from the host's environment.</summary>
    public static IResourceBuilder<T> WithBuildArg<T>(this IResourceBuilder<T> builder, string name, object? value) where T : ContainerResource
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        BuildOf(builder, nameof(WithBuildArg)).BuildArguments[name] = value;
        return builder;
    }

    /// <summary>Gives the build an argument. It stays readable in the image: a secret parameter is refused.</summary>
    public static IResourceBuilder<T> WithBuildArg<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> value) where T : ContainerResource
    {
        ArgumentNullException.ThrowIfNull(value);
        if (value.Resource.Secret)
        {
            throw new InvalidOperationException($"The build argument '{name}' of '{builder?.Resource.Name}' would keep the secret '{value.Resource.Name}' in the image. Use WithBuildSecret.");
        }
        return builder.WithBuildArg(name, (object)value.Resource);
    }

    /// <summary>Gives the build a secret, which it reads from a file and which stays out of the image.</summary>
    public static IResourceBuilder<T> WithBuildSecret<T>(this IResourceBuilder<T> builder, string name, IResourceBuilder<ParameterResource> value) where T : ContainerResource
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(value);
        BuildOf(builder, nameof(WithBuildSecret)).BuildSecrets[name] = value.Resource;
        return builder;
    }

    private static DockerfileBuildAnnotation BuildOf<T>(IResourceBuilder<T> builder, string method) where T : ContainerResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        return builder.Resource.Annotations.OfType<DockerfileBuildAnnotation>().LastOrDefault()
            ?? throw new InvalidOperationException($"The image of '{builder.Resource.Name}' is not built here. Call WithDockerfile before {method}.");
    }

    // The same build of the same place has the same tag, so that the runtime's cache is used and other builds' images are not replaced.
    private static string DockerfileTag(string context, string file, string? stage) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes($"{context}\n{file}\n{stage}")))[..40];
}
