using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>Describes the projects of this solution.</summary>
public static partial class ProjectResourceBuilderExtensions
{
    /// <summary>Adds a project, with the launch profile that suits it.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, [ResourceName] string name)
        where TProject : IProjectMetadata, new() => Add(builder, name, new TProject(), new());

    /// <summary>Adds a project, with a launch profile; null means none.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(this IDistributedApplicationBuilder builder, [ResourceName] string name, string? launchProfileName)
        where TProject : IProjectMetadata, new() => Add(builder, name, new TProject(), OptionsOf(launchProfileName));

    /// <summary>Adds a project as the callback says.</summary>
    public static IResourceBuilder<ProjectResource> AddProject<TProject>(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, Action<ProjectResourceOptions> configure)
        where TProject : IProjectMetadata, new() => Add(builder, name, new TProject(), OptionsOf(configure));

    /// <summary>Adds a project by path, relative to the application host's project.</summary>
    public static IResourceBuilder<ProjectResource> AddProject(this IDistributedApplicationBuilder builder, [ResourceName] string name, string projectPath) =>
        Add(builder, name, MetadataOf(builder, projectPath), new());

    /// <summary>Adds a project by path, with a launch profile; null means none.</summary>
    public static IResourceBuilder<ProjectResource> AddProject(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string projectPath, string? launchProfileName) =>
        Add(builder, name, MetadataOf(builder, projectPath), OptionsOf(launchProfileName));

    /// <summary>Adds a project by path, as the callback says.</summary>
    public static IResourceBuilder<ProjectResource> AddProject(
        this IDistributedApplicationBuilder builder, [ResourceName] string name, string projectPath, Action<ProjectResourceOptions> configure) =>
        Add(builder, name, MetadataOf(builder, projectPath), OptionsOf(configure));

    /// <summary>Runs several instances.</summary>
    public static IResourceBuilder<ProjectResource> WithReplicas(this IResourceBuilder<ProjectResource> builder, int replicas)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentOutOfRangeException.ThrowIfNegative(replicas);
        return builder.WithAnnotation(new ReplicaAnnotation(replicas), ResourceAnnotationMutationBehavior.Replace);
    }

    private static ProjectResourceOptions OptionsOf(string? launchProfileName) => new()
    {
        LaunchProfileName = launchProfileName,
        ExcludeLaunchProfile = launchProfileName is null,
    };

    private static ProjectResourceOptions OptionsOf(Action<ProjectResourceOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var options = new ProjectResourceOptions();
        configure(options);
        return options;
    }

    private static ProjectMetadata MetadataOf(IDistributedApplicationBuilder builder, string projectPath)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(projectPath);
        return new ProjectMetadata(Path.GetFullPath(projectPath.Replace('\\', Path.DirectorySeparatorChar), builder.AppHostDirectory));
    }

    private static IResourceBuilder<ProjectResource> Add(IDistributedApplicationBuilder builder, string name, IProjectMetadata metadata, ProjectResourceOptions options) =>
        Add(builder, new ProjectResource(name), metadata, options);

    private static IResourceBuilder<T> Add<T>(IDistributedApplicationBuilder builder, T resource, IProjectMetadata metadata, ProjectResourceOptions options) where T : ProjectResource
    {
        ArgumentNullException.ThrowIfNull(builder);
        var project = builder.AddResource(resource).WithAnnotation(metadata);
        var profile = ProjectLaunchProfile.Choose(metadata, options, builder.Configuration);
        if (options.ExcludeLaunchProfile)
        {
            project.WithAnnotation(new ExcludeLaunchProfileAnnotation());
        }
        else if (options.LaunchProfileName is not null)
        {
            project.WithAnnotation(new LaunchProfileAnnotation(options.LaunchProfileName));
        }
        project.WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_OTLP_RETRY", "in_memory");
        if (builder.ExecutionContext.IsRunMode && builder.Environment.IsDevelopment())
        {
            project.WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_ASPNETCORE_DISABLE_URL_QUERY_REDACTION", "true")
                .WithEnvironment("OTEL_DOTNET_EXPERIMENTAL_HTTPCLIENT_DISABLE_URL_QUERY_REDACTION", "true");
        }
        project.WithOtlpExporter();
        if (builder.ExecutionContext.IsRunMode)
        {
            project.WithEnvironment("DOTNET_SYSTEM_CONSOLE_ALLOW_ANSI_COLOR_REDIRECTION", "true")
                .WithEnvironment("LOGGING__CONSOLE__FORMATTERNAME", "simple");
        }
        if (builder.ExecutionContext.IsRunMode)
        {
            profile?.AddEndpoints(project);
        }
        else
        {
            profile?.AddPublishedEndpoints(project);
        }
        project.WithEnvironment(AddAddresses);
        profile?.AddEnvironment(project);
        profile?.AddArguments(project);
        return project;
    }

    private static void AddAddresses(EnvironmentCallbackContext context)
    {
        if (context.ExecutionContext.IsPublishMode)
        {
            AddPublishedPorts(context);
            return;
        }
        var urls = new ReferenceExpressionBuilder();
        foreach (var endpoint in ((IResourceWithEndpoints)context.Resource).GetEndpoints().Where(endpoint => endpoint.IsHttp || endpoint.IsHttps))
        {
            urls.AppendLiteral(urls.IsEmpty ? "" : ";");
            // Nothing stands in front of the process, so it binds the port that others use.
            urls.Append($"{endpoint.Property(EndpointProperty.Scheme)}://{endpoint.EndpointAnnotation.TargetHost}:{endpoint.Property(EndpointProperty.Port)}");
            if (endpoint.IsHttps)
            {
                context.EnvironmentVariables.TryAdd("ASPNETCORE_HTTPS_PORT", endpoint.Property(EndpointProperty.Port));
            }
        }
        if (!urls.IsEmpty)
        {
            context.EnvironmentVariables.TryAdd("ASPNETCORE_URLS", urls.Build());
        }
    }

    // A deployment chooses the port, and something stands in front of the container: TLS ends there.
    private static void AddPublishedPorts(EnvironmentCallbackContext context)
    {
        var endpoints = ((IResourceWithEndpoints)context.Resource).GetEndpoints().ToArray();
        if (endpoints.Any(endpoint => endpoint.IsHttp || endpoint.IsHttps))
        {
            context.EnvironmentVariables.TryAdd("ASPNETCORE_FORWARDEDHEADERS_ENABLED", "true");
        }
        var ports = new ReferenceExpressionBuilder();
        foreach (var endpoint in endpoints.Where(endpoint => endpoint.IsHttp))
        {
            ports.AppendLiteral(ports.IsEmpty ? "" : ";");
            ports.Append($"{endpoint.Property(EndpointProperty.TargetPort)}");
        }
        if (!ports.IsEmpty)
        {
            context.EnvironmentVariables.TryAdd("HTTP_PORTS", ports.Build());
        }
    }
}

/// <summary>A project added by path.</summary>
internal sealed class ProjectMetadata(string projectPath) : IProjectMetadata
{
    public string ProjectPath { get; } = projectPath;

    public bool IsFileBasedApp => ProjectPath.EndsWith(".cs", StringComparison.OrdinalIgnoreCase);
}
