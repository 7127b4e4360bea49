using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting;

/// <summary>Describes RabbitMQ servers.</summary>
public static class RabbitMQBuilderExtensions
{
    private const string DataPath = "/var/lib/rabbitmq";

    /// <summary>Adds a server; without a password one is generated and kept.</summary>
    public static IResourceBuilder<RabbitMQServerResource> AddRabbitMQ(
        this IDistributedApplicationBuilder builder,
        [ResourceName] string name,
        IResourceBuilder<ParameterResource>? userName = null,
        IResourceBuilder<ParameterResource>? password = null,
        int? port = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var server = new RabbitMQServerResource(
            name,
            userName?.Resource,
            password?.Resource ?? ParameterResourceBuilderExtensions.CreateDefaultPasswordParameter(builder, $"{name}-password", special: false));
        var check = $"{name}_check";
        builder.Services.AddHealthChecks().Add(new HealthCheckRegistration(check, _ => ServerHealthChecks.Of(server), failureStatus: null, tags: null));
        return builder.AddResource(server)
            .WithImage("library/rabbitmq", "4.3")
            .WithImageRegistry("docker.io")
            .WithEndpoint(port, targetPort: 5672, name: RabbitMQServerResource.PrimaryEndpointName)
            .WithEnvironment(context =>
            {
                context.EnvironmentVariables["RABBITMQ_DEFAULT_USER"] = server.UserNameReference;
                context.EnvironmentVariables["RABBITMQ_DEFAULT_PASS"] = server.PasswordParameter;
            })
            .WithHealthCheck(check);
    }

    /// <summary>Keeps the data in a volume.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithDataVolume(
        this IResourceBuilder<RabbitMQServerResource> builder, string? name = null, bool isReadOnly = false) =>
        builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), DataPath, isReadOnly).WithStableNodeName();

    /// <summary>Keeps the data in a folder of the host.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithDataBindMount(
        this IResourceBuilder<RabbitMQServerResource> builder, string source, bool isReadOnly = false) =>
        builder.WithBindMount(source, DataPath, isReadOnly).WithStableNodeName();

    /// <summary>Adds the management plugin, on a free port.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithManagementPlugin(this IResourceBuilder<RabbitMQServerResource> builder) =>
        builder.WithManagementPlugin(port: null);

    /// <summary>Adds the management plugin, on a port; null means one that is free.</summary>
    public static IResourceBuilder<RabbitMQServerResource> WithManagementPlugin(this IResourceBuilder<RabbitMQServerResource> builder, int? port)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var image = builder.Resource.Annotations.OfType<ContainerImageAnnotation>().Last();
        image.Tag = ManagementTag(builder.Resource.Name, image);
        return builder.WithHttpEndpoint(port, targetPort: 15672, name: RabbitMQServerResource.ManagementEndpointName);
    }

    // The image has the plugin under tags of their own: 4.3 → 4.3-management, 4.3-alpine → 4.3-management-alpine.
    private static string ManagementTag(string resource, ContainerImageAnnotation image)
    {
        const string management = "management";
        var parts = (image.Tag ?? "").Split('-', StringSplitOptions.RemoveEmptyEntries);
        var isKnown = image is { Registry: "docker.io", Image: "library/rabbitmq" }
            && parts.All(part => part is management or "alpine" || part.All(letter => char.IsAsciiDigit(letter) || letter == '.'));
        if (!isKnown)
        {
            throw new DistributedApplicationException(
                $"Cannot configure the RabbitMQ resource '{resource}' to enable the management plugin: the tag '{image.Tag}' of image '{image.Registry}/{image.Image}' is not one it knows. Use the official image.");
        }
        var others = parts.Where(part => part is not management).ToList();
        others.Insert(others is [.., "alpine"] ? others.Count - 1 : others.Count, management);
        return string.Join('-', others);
    }

    // The server finds its data by the name of its node, which is the container's name unless it is said.
    private static IResourceBuilder<RabbitMQServerResource> WithStableNodeName(this IResourceBuilder<RabbitMQServerResource> builder) =>
        builder.ApplicationBuilder.ExecutionContext.IsRunMode
            ? builder.WithEnvironment("RABBITMQ_NODENAME", $"{builder.Resource.Name}@localhost")
            : builder;
}
