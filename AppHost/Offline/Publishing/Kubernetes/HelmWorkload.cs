using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting.Offline;

/// <summary>What runs one service in Kubernetes: a deployment, a stateful set where data belong to it, a job where others wait for its end.</summary>
internal sealed class HelmWorkload(PublishedService service, KubernetesEnvironmentResource environment, HelmValues values, HelmText text)
{
    private const string HttpPort = "http";
    private const int AppUser = 1654;

    private string Key => HelmText.Key(service.Name);

    private IEnumerable<ContainerMountAnnotation> Volumes => service.Mounts.Where(mount => mount.Type == ContainerMountType.Volume);

    private bool UsesClaims => environment.DefaultStorageType.Equals("pvc", StringComparison.OrdinalIgnoreCase);

    internal string Kind => service switch
    {
        { IsJob: true } => "Job",
        { Resource: IResourceWithConnectionString } => "StatefulSet",
        { IsProject: true, Mounts.Count: > 0 } => "StatefulSet",
        _ => "Deployment",
    };

    internal YamlNode.Map Write(bool hasConfig, bool hasSecrets)
    {
        var pod = Pod(Container(hasConfig, hasSecrets));
        return Kind switch
        {
            "Job" => new YamlNode.Map { { "spec", new YamlNode.Map { { "template", Template(service.Name, pod) }, { "backoffLimit", 6 } } } },
            "StatefulSet" => StatefulSet(pod),
            _ => Deployment(service.Name, pod, Replicas(), isRolling: !Volumes.Any()),
        };
    }

    internal YamlNode.Map? Service() => service.Ports.Count == 0 ? null : Service(service.Name, environment.DefaultServiceType, Ports());

    /// <summary>Claims of a deployment; a stateful set makes its own.</summary>
    internal IEnumerable<(string Name, YamlNode.Map Body)> Claims() =>
        Kind == "Deployment" && UsesClaims ? Volumes.Select(volume => (ClaimName(volume), new YamlNode.Map { { "spec", Claim() } })) : [];

    /// <summary>More or fewer workers by their load; null for what is no worker.</summary>
    internal YamlNode.Map? Autoscaler()
    {
        if (!service.IsWorker || service.IsExplicit)
        {
            return null;
        }
        var least = values.Add("autoscaling", Key, "minReplicas", service.Replicas);
        var most = values.Add("autoscaling", Key, "maxReplicas", Math.Max(service.Replicas * 3, service.Replicas + 2));
        var target = values.Add("autoscaling", Key, "targetCPUUtilizationPercentage", 70);
        return new YamlNode.Map
        {
            { "spec", new YamlNode.Map
            {
                { "scaleTargetRef", new YamlNode.Map { { "apiVersion", "apps/v1" }, { "kind", Kind }, { "name", $"{service.Name}-{Kind.ToLowerInvariant()}" } } },
                { "minReplicas", Number(least) },
                { "maxReplicas", Number(most) },
                { "metrics", new YamlNode.Sequence([new YamlNode.Map
                {
                    { "type", "Resource" },
                    { "resource", new YamlNode.Map { { "name", "cpu" }, { "target", new YamlNode.Map { { "type", "Utilization" }, { "averageUtilization", Number(target) } } } } },
                }]) },
            } },
        };
    }

    internal static YamlNode.Map Deployment(string component, YamlNode.Map pod, YamlNode replicas, bool isRolling = true) => new()
    {
        { "spec", new YamlNode.Map
        {
            { "template", Template(component, pod) },
            { "selector", new YamlNode.Map { { "matchLabels", HelmPublisher.Labels(component) } } },
            { "replicas", replicas },
            { "revisionHistoryLimit", 3 },
            { "strategy", new YamlNode.Map
            {
                // Two pods cannot hold the same claim on two machines.
                { "rollingUpdate", isRolling ? new YamlNode.Map { { "maxSurge", 1 }, { "maxUnavailable", 1 } } : null },
                { "type", isRolling ? "RollingUpdate" : "Recreate" },
            } },
        } },
    };

    internal static YamlNode.Map Service(string component, string type, IEnumerable<(string Name, YamlNode Port)> ports) => new()
    {
        { "spec", new YamlNode.Map
        {
            { "type", type },
            { "selector", HelmPublisher.Labels(component) },
            { "ports", new YamlNode.Sequence([.. ports.Select(port => new YamlNode.Map { { "name", port.Name }, { "protocol", "TCP" }, { "port", port.Port }, { "targetPort", port.Port } })]) },
        } },
    };

    internal static YamlNode.Sequence ContainerPorts(IEnumerable<(string Name, YamlNode Port)> ports) =>
        new([.. ports.Select(port => new YamlNode.Map { { "name", port.Name }, { "protocol", "TCP" }, { "containerPort", port.Port } })]);

    private static YamlNode.Map Template(string component, YamlNode.Map pod) => new()
    {
        { "metadata", new YamlNode.Map { { "labels", HelmPublisher.Labels(component) } } },
        { "spec", pod },
    };

    // A volume has a name of DNS there: no dots, no underscores, at most 63 characters.
    private static string ClaimName(ContainerMountAnnotation mount)
    {
        var name = string.Concat((mount.Source ?? mount.Target).ToLowerInvariant().Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')).Trim('-');
        return name.Length <= 63 ? name : name[^63..].TrimStart('-');
    }

    private static YamlNode.Plain Number(string expression) => new($"{{{{ {expression} | int }}}}");

    private YamlNode.Map StatefulSet(YamlNode.Map pod) => new()
    {
        { "spec", new YamlNode.Map
        {
            { "serviceName", $"{service.Name}-service" },
            { "template", Template(service.Name, pod) },
            { "selector", new YamlNode.Map { { "matchLabels", HelmPublisher.Labels(service.Name) } } },
            { "replicas", Replicas() },
            { "volumeClaimTemplates", UsesClaims
                ? new YamlNode.Sequence([.. Volumes.Select(volume => new YamlNode.Map { { "metadata", new YamlNode.Map { { "name", ClaimName(volume) } } }, { "spec", Claim() } })])
                : null },
        } },
    };

    // The autoscaler counts where there is one: a number here would undo its work at every upgrade.
    private YamlNode.Plain Replicas()
    {
        var replicas = service.IsExplicit ? "0" : service.Replicas.ToString(System.Globalization.CultureInfo.InvariantCulture);
        return service.IsWorker && !service.IsExplicit
            ? new($"{{{{ ternary \"null\" \"{replicas}\" {values.Add("autoscaling", Key, "enabled", true)} }}}}")
            : new(replicas);
    }

    private YamlNode.Map Claim()
    {
        var size = values.Add("storage", Key, "size", environment.DefaultStorageSize);
        return new YamlNode.Map
        {
            { "accessModes", ComposeFile.Texts([environment.DefaultStorageReadWritePolicy]) },
            { "storageClassName", environment.DefaultStorageClassName is { } storageClass ? (YamlNode)storageClass : null },
            { "resources", new YamlNode.Map { { "requests", new YamlNode.Map { { "storage", $"{{{{ {size} }}}}" } } } } },
        };
    }

    private YamlNode.Map Pod(YamlNode.Map container) => new()
    {
        { "securityContext", service.IsProject
            ? new YamlNode.Map { { "runAsNonRoot", true }, { "runAsUser", AppUser }, { "fsGroup", AppUser } }
            : null },
        { "containers", new YamlNode.Sequence([container]) },
        { "volumes", new YamlNode.Sequence([.. Volumes.Select(Volume).OfType<YamlNode>()]) },
        { "restartPolicy", service.IsJob ? (YamlNode)"OnFailure" : null },
    };

    private YamlNode.Map? Volume(ContainerMountAnnotation mount) => (environment.DefaultStorageType.ToLowerInvariant(), Kind) switch
    {
        ("pvc", "StatefulSet") => null,
        ("pvc", _) => new YamlNode.Map { { "name", ClaimName(mount) }, { "persistentVolumeClaim", new YamlNode.Map { { "claimName", ClaimName(mount) } } } },
        ("hostpath", _) => new YamlNode.Map
        {
            { "name", ClaimName(mount) },
            { "hostPath", new YamlNode.Map { { "path", $"/var/lib/{ClaimName(mount)}" }, { "type", "DirectoryOrCreate" } } },
        },
        _ => new YamlNode.Map { { "name", ClaimName(mount) }, { "emptyDir", new YamlNode.Plain("{}") } },
    };

    private YamlNode.Map Container(bool hasConfig, bool hasSecrets) => new()
    {
        { "command", service.Entrypoint is null ? null : ComposeFile.Texts([service.Entrypoint]) },
        { "image", service.Image ?? $"{{{{ {values.Add(HelmValues.Parameters, Key, $"{Key}_image", $"{service.Name}:latest")} }}}}" },
        { "name", service.Name },
        { "envFrom", EnvironmentFrom(hasConfig, hasSecrets) },
        { "args", ComposeFile.Texts(service.Arguments.Select(argument => text.Write(service, argument))) },
        { "ports", ContainerPorts(Ports()) },
        { "resources", Resources() },
        { "startupProbe", Probe(failures: 60, period: 2) },
        { "readinessProbe", Probe(failures: 3, period: 10) },
        { "livenessProbe", Liveness() },
        { "volumeMounts", new YamlNode.Sequence([.. Volumes.Select(volume => new YamlNode.Map { { "name", ClaimName(volume) }, { "mountPath", volume.Target }, { "readOnly", volume.IsReadOnly ? true : null } })]) },
        { "imagePullPolicy", environment.DefaultImagePullPolicy },
    };

    private YamlNode.Sequence EnvironmentFrom(bool hasConfig, bool hasSecrets)
    {
        var sources = new List<YamlNode>();
        if (hasConfig)
        {
            sources.Add(new YamlNode.Map { { "configMapRef", new YamlNode.Map { { "name", $"{service.Name}-config" } } } });
        }
        if (hasSecrets)
        {
            sources.Add(new YamlNode.Map { { "secretRef", new YamlNode.Map { { "name", $"{service.Name}-secrets" } } } });
        }
        return new(sources);
    }

    // A port has one name: http and https of a project are the same one, because nothing there serves TLS.
    private List<(string Name, YamlNode Port)> Ports() =>
    [
        .. service.Ports.DistinctBy(port => port.Target ?? 0)
            .Select(port => (port.Target is null ? HttpPort : port.Endpoint.Name, (YamlNode)new YamlNode.Plain(port.Target is null ? HelmText.PortText(port, text.Port(service.Resource)) : HelmText.PortText(port, "")))),
    ];

    private YamlNode.Map Resources()
    {
        string Value(string group, string key, string value) => $"{{{{ {values.Add("resources", Key, $"{group}_{key}", value)} }}}}";
        return new YamlNode.Map
        {
            { "requests", new YamlNode.Map { { "cpu", Value("requests", "cpu", "100m") }, { "memory", Value("requests", "memory", service.IsProject ? "128Mi" : "256Mi") } } },
            { "limits", new YamlNode.Map { { "memory", Value("limits", "memory", service.IsProject ? "1Gi" : "2Gi") } } },
        };
    }

    private YamlNode.Map? Probe(int failures, int period)
    {
        var probe = service.Probe switch
        {
            ServiceProbe.Http http => new YamlNode.Map { { "httpGet", new YamlNode.Map { { "path", http.Path }, { "port", PortName(http.EndpointName) } } } },
            ServiceProbe.Shell shell => new YamlNode.Map { { "exec", new YamlNode.Map { { "command", ComposeFile.Texts(["/bin/sh", "-c", shell.Line]) } } } },
            _ => null,
        };
        probe?.Add("periodSeconds", period);
        probe?.Add("timeoutSeconds", 10);
        probe?.Add("failureThreshold", failures);
        return probe;
    }

    // Alive is who accepts connections: a service whose database is away must not be restarted for it.
    private YamlNode.Map? Liveness() => service.Probe is null || Ports() is not [var first, ..]
        ? null
        : new YamlNode.Map { { "tcpSocket", new YamlNode.Map { { "port", first.Name } } }, { "periodSeconds", 10 }, { "failureThreshold", 6 } };

    private string PortName(string endpoint) => service.Ports.First(port => string.Equals(port.Endpoint.Name, endpoint, StringComparison.OrdinalIgnoreCase)) is { Target: null } ? HttpPort : endpoint;
}
