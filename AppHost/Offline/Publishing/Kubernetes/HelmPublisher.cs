using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Makes a Helm chart of an application: what Aspire writes, and beyond it volumes that outlive their pods, probes, resources, jobs for what others wait for to end,
/// autoscaling of workers, and secrets that are demanded, quoted and percent-encoded where they must be.
/// </summary>
internal sealed class HelmPublisher(PublishedApplication application, KubernetesEnvironmentResource environment)
{
    private const string DashboardImage = "mcr.microsoft.com/dotnet/nightly/aspire-dashboard:latest";

    private static readonly (string Name, int Port)[] DashboardPorts = [("http", 18888), ("otlp-grpc", 18889), ("otlp-http", 18890)];

    private readonly HelmValues values = new();
    private readonly List<(string File, string Text)> files = [];

    private string Dashboard => $"{environment.Name}-dashboard";

    internal HelmChart Publish()
    {
        var text = new HelmText(values);
        foreach (var service in application.Services)
        {
            Refuse(service);
            Publish(service, text);
        }
        if (environment.DashboardEnabled)
        {
            PublishDashboard();
        }
        files.Insert(0, ("Chart.yaml", Chart()));
        files.Insert(1, ("values.yaml", values.ToYaml()));
        files.Insert(2, ("templates/_helpers.tpl", HelmText.Helpers));
        return new(files);
    }

    private static void Refuse(PublishedService service)
    {
        if (service.Mounts.FirstOrDefault(mount => mount.Type == ContainerMountType.BindMount) is { } bind)
        {
            throw new DistributedApplicationException(
                $"Bind mounts are not supported by the Kubernetes publisher: '{service.Name}' mounts '{bind.Source}' at '{bind.Target}'. Use a volume (WithVolume), or add the mount only for other targets.");
        }
    }

    private void Publish(PublishedService service, HelmText text)
    {
        var config = new YamlNode.Map();
        var secrets = new YamlNode.Map();
        foreach (var (variable, value) in service.Environment)
        {
            if (value.IsSecret)
            {
                secrets.Add(variable, text.Write(service, value));
            }
            else
            {
                config.Add(variable, text.Config(service, variable, value));
            }
        }
        foreach (var (variable, value) in Telemetry(service))
        {
            config.Add(variable, text.Config(service, variable, PublishedText.Of(value)));
        }
        var workload = new HelmWorkload(service, environment, values, text);
        Add(service.Name, workload.Kind, workload.Write(config.Entries.Count > 0, secrets.Entries.Count > 0));
        AddMap(service.Name, "Service", "service", workload.Service());
        AddMap(service.Name, "ConfigMap", "config", config.Entries.Count > 0 ? new YamlNode.Map { { "data", config } } : null);
        AddMap(service.Name, "Secret", "secrets", secrets.Entries.Count > 0 ? new YamlNode.Map { { "stringData", secrets }, { "type", "Opaque" } } : null);
        foreach (var (name, claim) in workload.Claims())
        {
            files.Add(($"templates/{service.Name}/{name}.yaml", Document("v1", "PersistentVolumeClaim", service.Name, name, claim)));
        }
        if (workload.Autoscaler() is { } autoscaler)
        {
            files.Add(($"templates/{service.Name}/autoscaler.yaml", $"{{{{- if .Values.autoscaling.{HelmText.Key(service.Name)}.enabled }}}}\n"
                + Document("autoscaling/v2", "HorizontalPodAutoscaler", service.Name, $"{service.Name}-autoscaler", autoscaler) + "{{- end }}\n"));
        }
    }

    private IEnumerable<(string, string)> Telemetry(PublishedService service) => environment.DashboardEnabled && service.Resource.HasAnnotationOfType<OtlpExporterAnnotation>()
        ? [("OTEL_EXPORTER_OTLP_ENDPOINT", $"http://{Dashboard}-service:18889"), ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), ("OTEL_SERVICE_NAME", service.Name)]
        : [];

    private void Add(string component, string kind, YamlNode.Map body) => files.Add((
        $"templates/{component}/{kind.ToLowerInvariant()}.yaml",
        Document(kind == "Job" ? "batch/v1" : "apps/v1", kind, component, kind == "Job" ? $"{component}-job-{{{{ .Release.Revision }}}}" : $"{component}-{kind.ToLowerInvariant()}", body)));

    private void AddMap(string component, string kind, string suffix, YamlNode.Map? body)
    {
        if (body is not null)
        {
            files.Add(($"templates/{component}/{suffix}.yaml", Document("v1", kind, component, $"{component}-{suffix}", body)));
        }
    }

    private static string Document(string version, string kind, string component, string name, YamlNode.Map body)
    {
        var document = new YamlNode.Map
        {
            { "apiVersion", version },
            { "kind", kind },
            { "metadata", new YamlNode.Map { { "name", name }, { "labels", Labels(component) } } },
        };
        foreach (var (key, value) in body.Entries)
        {
            document.Add(key, value);
        }
        return $"---\n{YamlWriter.Write(document)}";
    }

    internal static YamlNode.Map Labels(string component) => new()
    {
        { "app.kubernetes.io/name", "{{ .Chart.Name }}" },
        { "app.kubernetes.io/component", component },
        { "app.kubernetes.io/instance", "{{ .Release.Name }}" },
    };

    private void PublishDashboard()
    {
        var ports = DashboardPorts.Select(port => (port.Name, (YamlNode)port.Port)).ToList();
        var container = new YamlNode.Map
        {
            { "image", DashboardImage },
            { "name", Dashboard },
            { "ports", HelmWorkload.ContainerPorts(ports) },
            { "imagePullPolicy", environment.DefaultImagePullPolicy },
        };
        Add(Dashboard, "Deployment", HelmWorkload.Deployment(Dashboard, new YamlNode.Map { { "containers", new YamlNode.Sequence([container]) } }, 1));
        AddMap(Dashboard, "Service", "service", HelmWorkload.Service(Dashboard, environment.DefaultServiceType, ports));
    }

    private string Chart() => YamlWriter.Write(new YamlNode.Map
    {
        { "apiVersion", "v2" },
        { "name", environment.HelmChartName ?? application.Name.Replace('.', '-') },
        { "version", environment.HelmChartVersion },
        { "kubeVersion", ">= 1.18.0-0" },
        { "description", environment.HelmChartDescription },
        { "type", "application" },
        { "keywords", ComposeFile.Texts(["aspire", "kubernetes"]) },
        { "appVersion", environment.HelmChartVersion },
        { "deprecated", false },
    });
}
