using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Makes the Compose file of an application: what Aspire writes, and beyond it health checks, the waits for them, replicas, restarts, the first database, host
/// names that a server's data hang on, and passwords that are percent-encoded in addresses.
/// </summary>
internal sealed class ComposePublisher(PublishedApplication application, DockerComposeEnvironmentResource environment)
{
    internal const string FileName = "docker-compose.yaml";
    internal const string VariablesFileName = ".env";

    private const string DashboardImage = "mcr.microsoft.com/dotnet/nightly/aspire-dashboard:latest";
    private const string DefaultPort = "8080";

    private readonly SortedDictionary<string, ComposeVariable> variables = new(StringComparer.Ordinal);

    private string Dashboard => $"{environment.Name}-dashboard";

    internal ComposeFile Publish()
    {
        var services = application.Services.Select(Publish).ToList();
        if (environment.DashboardEnabled)
        {
            services.Insert(0, new ComposeService { Name = Dashboard, Image = DashboardImage, Ports = ["18888"], Expose = ["18889", "18890"], Restart = "always" });
        }
        return new ComposeFile
        {
            Services = services,
            Network = environment.DefaultNetworkName ?? "aspire",
            Volumes = [.. application.Services.SelectMany(service => service.Mounts).Where(mount => mount.Type == ContainerMountType.Volume).Select(NameOf).Distinct()],
            Variables = [.. variables.Values],
        };
    }

    /// <summary>The name of what the environment file gives, as Aspire makes it of any name.</summary>
    internal static string VariableName(string name) => name.ToUpperInvariant().Replace('-', '_').Replace('.', '_');

    internal static string ImageVariable(string service) => $"{VariableName(service)}_IMAGE";

    private ComposeService Publish(PublishedService service) => new()
    {
        Name = service.Name.ToLowerInvariant(),
        Image = service.Image ?? Variable(new(ImageVariable(service.Name), $"Container image name for {service.Name}") { Source = service }),
        ContainerName = service.Resource.Annotations.OfType<ContainerNameAnnotation>().LastOrDefault()?.Name,
        Hostname = service is { Resource: RabbitMQServerResource, Mounts.Count: > 0 } ? service.Name.ToLowerInvariant() : null,
        Command = [.. service.Arguments.Select(Text)],
        Entrypoint = service.Entrypoint is null ? [] : [service.Entrypoint],
        Environment = [.. service.Environment.Select(variable => (variable.Name, Text(variable.Value))).Concat(Telemetry(service))],
        Ports = [.. service.Ports.Where(port => port.Endpoint.IsExternal).Select(port => PublicPort(service, port)).Distinct()],
        Expose = [.. service.Ports.Where(port => !port.Endpoint.IsExternal).Select(port => PortText(service, port)).Distinct()],
        Mounts = [.. service.Mounts.Select((mount, index) => Mount(service, mount, index))],
        DependsOn = [.. service.Waits.Select(Dependency).DistinctBy(dependency => dependency.Service)],
        HealthCheck = HealthCheck(service),
        Replicas = service.Replicas,
        Profile = service.IsExplicit ? service.Name.ToLowerInvariant() : null,
        Restart = service.IsJob ? "no" : "unless-stopped",
        MayOverlap = service.IsProject,
        StopGracePeriod = service.IsProject && !service.IsJob ? TimeSpan.FromSeconds(30) : null,
    };

    private IEnumerable<(string, string)> Telemetry(PublishedService service) => environment.DashboardEnabled && service.Resource.HasAnnotationOfType<OtlpExporterAnnotation>()
        ? [("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Dashboard}:18889"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_SERVICE_NAME", service.Name)]
        : [];

    private string Text(PublishedText text) => text.Render(part => part switch
    {
        // Compose itself would put something in the place of a dollar.
        PublishedPart.Text known => known.Value.Replace("$", "$$", StringComparison.Ordinal),
        PublishedPart.Host host => host.Resource.Name.ToLowerInvariant(),
        PublishedPart.Port port => PortVariable(port.Resource),
        PublishedPart.Parameter parameter => Parameter(parameter),
        _ => throw new InvalidOperationException($"{part.GetType().Name} is no part of a Compose file."),
    });

    private string Parameter(PublishedPart.Parameter part)
    {
        var plain = Variable(new(VariableName(part.Resource.Name), $"Parameter {part.Resource.Name}") { Source = part.Resource });
        if (!part.IsUri)
        {
            return plain;
        }
        var encoded = new ComposeVariable(
            $"{VariableName(part.Resource.Name)}_URI_ENCODED", $"Parameter {part.Resource.Name}, percent-encoded; needed when it has other characters than letters, digits and -._~")
        {
            Source = part.Resource,
            IsUri = true,
        };
        variables.TryAdd(encoded.Name, encoded);
        return $"${{{encoded.Name}:-{plain}}}";
    }

    private string Variable(ComposeVariable variable)
    {
        variables.TryAdd(variable.Name, variable);
        return $"${{{variable.Name}}}";
    }

    private string PortVariable(IResource resource) => Variable(new($"{VariableName(resource.Name)}_PORT", $"Default container port for {resource.Name}", DefaultPort));

    private string PortText(PublishedService service, PublishedPort port) => port.Target?.ToString(CultureInfo.InvariantCulture) ?? PortVariable(service.Resource);

    private string PublicPort(PublishedService service, PublishedPort port)
    {
        var inside = PortText(service, port);
        return port.Wanted is { } outside ? string.Create(CultureInfo.InvariantCulture, $"{outside}:{inside}") : inside;
    }

    private ComposeMount Mount(PublishedService service, ContainerMountAnnotation mount, int index)
    {
        if (mount.Type == ContainerMountType.Volume)
        {
            return new(IsBind: false, NameOf(mount), mount.Target, mount.IsReadOnly);
        }
        var number = service.Mounts.Take(index).Count(other => other.Type == ContainerMountType.BindMount);
        var variable = string.Create(CultureInfo.InvariantCulture, $"{VariableName(service.Name)}_BINDMOUNT_{number}");
        return new(IsBind: true, Variable(new(variable, $"Bind mount source for {service.Name}:{mount.Target}") { Source = mount }), mount.Target, mount.IsReadOnly);
    }

    private static string NameOf(ContainerMountAnnotation mount) => mount.Source ?? throw new DistributedApplicationException(
        $"A volume mounted at '{mount.Target}' has no name; a deployment would lose its data. Name it: WithVolume(name, target).");

    private (string Service, string Condition) Dependency(WaitAnnotation wait) => (wait.Resource.Name.ToLowerInvariant(), wait.WaitType switch
    {
        WaitType.WaitForCompletion => "service_completed_successfully",
        WaitType.WaitUntilHealthy when application.Find(wait.Resource)?.Probe is not null => "service_healthy",
        _ => "service_started",
    });

    private ComposeHealthCheck? HealthCheck(PublishedService service) => service.Probe switch
    {
        ServiceProbe.Shell shell => new(Escape(shell.Line), TimeSpan.FromSeconds(shell.IsHeavy ? 15 : 5), TimeSpan.FromSeconds(shell.IsHeavy ? 15 : 5), shell.IsHeavy ? 4 : 6, TimeSpan.FromSeconds(60)),
        ServiceProbe.Http http => new(HttpLine(service, http), TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(10), 6, TimeSpan.FromSeconds(60)),
        _ => null,
    };

    // Images for services have neither curl nor wget; bash speaks TCP itself, and small images without bash have the wget of busybox.
    private string HttpLine(PublishedService service, ServiceProbe.Http http)
    {
        var port = PortText(service, service.Ports.First(port => string.Equals(port.Endpoint.Name, http.EndpointName, StringComparison.OrdinalIgnoreCase)));
        var status = http.Status.ToString(CultureInfo.InvariantCulture);
        return $"if command -v bash >/dev/null; then bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && printf \"GET {http.Path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n\" >&3 && "
            + $"read -r -t 8 _ status _ <&3 && [ \"$$status\" = {status} ]'; else wget -q -T 8 -O /dev/null http://127.0.0.1:{port}{http.Path}; fi";
    }

    private static string Escape(string line) => line.Replace("$", "$$", StringComparison.Ordinal);
}
