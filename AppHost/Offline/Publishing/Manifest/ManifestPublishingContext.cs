using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Microsoft.Extensions.Logging.Abstractions;

namespace Aspire.Hosting.Publishing;

/// <summary>Writes the application into a manifest, resource by resource: values as placeholders, no value of a parameter. For one manifest and one thread.</summary>
public sealed partial class ManifestPublishingContext(
    DistributedApplicationExecutionContext executionContext, string manifestPath, Utf8JsonWriter writer, CancellationToken cancellationToken = default)
{
    private readonly PublishedPorts ports = new();
    private readonly List<IResource> referenced = [];
    private bool hasComputeEnvironment;

    /// <summary>What the application is being used for.</summary>
    public DistributedApplicationExecutionContext ExecutionContext { get; } = executionContext;

    /// <summary>The file; paths in the manifest are relative to its folder.</summary>
    public string ManifestPath { get; } = manifestPath;

    /// <summary>What the entries are written with.</summary>
    public Utf8JsonWriter Writer { get; } = writer;

    /// <summary>Canceled when nobody wants the manifest any more.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>A path as the manifest writes it: relative to the manifest's folder, with slashes; null for null.</summary>
    [return: NotNullIfNotNull(nameof(path))]
    public string? GetManifestRelativePath(string? path) => path is null
        ? null
        : Path.GetRelativePath(Path.GetDirectoryName(Path.GetFullPath(ManifestPath))!, path.Replace('\\', Path.DirectorySeparatorChar)).Replace('\\', '/');

    /// <summary>Writes a container, without the braces around it.</summary>
    public async Task WriteContainerAsync(ContainerResource container)
    {
        ArgumentNullException.ThrowIfNull(container);
        if (!container.TryGetContainerImageName(out var image))
        {
            throw new DistributedApplicationException($"Could not get the container image name for resource '{container.Name}'. Give it one with WithImage.");
        }
        Writer.WriteString("type", hasComputeEnvironment ? "container.v1" : "container.v0");
        WriteConnectionString(container);
        Writer.WriteString("image", image);
        if (container.Entrypoint is not null)
        {
            Writer.WriteString("entrypoint", container.Entrypoint);
        }
        await WriteCommandLineArgumentsAsync(container);
        WriteMounts(container);
        await WriteEnvironmentVariablesAsync(container);
        WriteBindings(container);
    }

    /// <summary>Writes the connection string of the resource, when it has one.</summary>
    public void WriteConnectionString(IResource resource)
    {
        if (resource is IResourceWithConnectionString { ConnectionStringExpression: { } expression })
        {
            TryAddDependentResources(expression);
            Writer.WriteString("connectionString", Placeholder(expression, expression.ValueExpression));
        }
    }

    /// <summary>Writes the endpoints of the resource, when it has any.</summary>
    public void WriteBindings(IResource resource)
    {
        var bindings = ports.Of(resource);
        if (bindings.Count == 0)
        {
            return;
        }
        Writer.WriteStartObject("bindings");
        foreach (var port in bindings)
        {
            Writer.WriteStartObject(port.Endpoint.Name);
            Writer.WriteString("scheme", port.Endpoint.UriScheme);
            Writer.WriteString("protocol", port.Endpoint.Protocol.ToString().ToLowerInvariant());
            Writer.WriteString("transport", port.Endpoint.Transport);
            if (port is { IsExposedWritten: true, Exposed: { } exposed })
            {
                Writer.WriteNumber("port", exposed);
            }
            if (port.Target is { } target)
            {
                Writer.WriteNumber("targetPort", target);
            }
            if (port.Endpoint.IsExternal)
            {
                Writer.WriteBoolean("external", true);
            }
            Writer.WriteEndObject();
        }
        Writer.WriteEndObject();
    }

    /// <summary>Writes the environment of the resource, when it has any.</summary>
    public async Task WriteEnvironmentVariablesAsync(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        var variables = await EnvironmentEvaluator.CollectAsync(resource, ExecutionContext, NullLogger.Instance, CancellationToken);
        if (variables.Count == 0)
        {
            return;
        }
        Writer.WriteStartObject("env");
        foreach (var (name, value) in variables)
        {
            Writer.WriteString(name, Placeholder(value));
            TryAddDependentResources(value);
        }
        Writer.WriteEndObject();
    }

    /// <summary>Writes the arguments of the resource, when it has any.</summary>
    public async Task WriteCommandLineArgumentsAsync(IResource resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        var arguments = await EnvironmentEvaluator.CollectArgumentsAsync(resource, ExecutionContext, NullLogger.Instance, CancellationToken);
        if (arguments.Count == 0)
        {
            return;
        }
        Writer.WriteStartArray("args");
        foreach (var value in arguments)
        {
            Writer.WriteStringValue(Placeholder(value));
            TryAddDependentResources(value);
        }
        Writer.WriteEndArray();
    }

    private void WriteMounts(ContainerResource container)
    {
        WriteMounts(container, ContainerMountType.BindMount, "bindMounts", "source", mount => GetManifestRelativePath(mount.Source));
        WriteMounts(container, ContainerMountType.Volume, "volumes", "name", mount => mount.Source);
    }

    private void WriteMounts(ContainerResource container, ContainerMountType type, string list, string sourceKey, Func<ContainerMountAnnotation, string?> source)
    {
        var mounts = container.Annotations.OfType<ContainerMountAnnotation>().Where(mount => mount.Type == type).ToArray();
        if (mounts.Length == 0)
        {
            return;
        }
        Writer.WriteStartArray(list);
        foreach (var mount in mounts)
        {
            Writer.WriteStartObject();
            if (source(mount) is { } from)
            {
                Writer.WriteString(sourceKey, from);
            }
            Writer.WriteString("target", mount.Target.Replace('\\', '/'));
            Writer.WriteBoolean("readOnly", mount.IsReadOnly);
            Writer.WriteEndObject();
        }
        Writer.WriteEndArray();
    }

    private string Placeholder(object value) => value switch
    {
        ReferenceExpression expression => Placeholder(expression, expression.ValueExpression),
        IManifestExpressionProvider provider => provider.ValueExpression,
        string text => text,
        bool flag => flag ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };
}
