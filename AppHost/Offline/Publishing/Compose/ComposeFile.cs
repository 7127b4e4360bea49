namespace Aspire.Hosting.Offline;

/// <summary>A Compose file: services, a network and volumes. Texts may have holes (<c>${NAME}</c>) that the environment file fills.</summary>
internal sealed record ComposeFile
{
    internal required IReadOnlyList<ComposeService> Services { get; init; }

    internal required string Network { get; init; }

    internal required IReadOnlyList<string> Volumes { get; init; }

    internal required IReadOnlyList<ComposeVariable> Variables { get; init; }

    internal string ToYaml() => YamlWriter.Write(new YamlNode.Map
    {
        { "services", Map(Services.Select(service => (service.Name, (YamlNode)service.ToYaml(Network)))) },
        { "networks", new YamlNode.Map { { Network, new YamlNode.Map { { "driver", "bridge" } } } } },
        { "volumes", Map(Volumes.Select(volume => (volume, (YamlNode)new YamlNode.Map { { "driver", "local" } }))) },
    });

    internal static YamlNode.Map Map(IEnumerable<(string Key, YamlNode Value)> entries)
    {
        var map = new YamlNode.Map();
        foreach (var (key, value) in entries)
        {
            map.Add(key, value);
        }
        return map;
    }

    internal static YamlNode.Sequence Texts(IEnumerable<string> texts) => new([.. texts.Select(text => new YamlNode.Text(text))]);
}

/// <summary>A value that the environment file gives.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Comment">What it is for.</param>
/// <param name="Value">What it is unless somebody says otherwise; empty when it must be said. Never a secret.</param>
internal sealed record ComposeVariable(string Name, string Comment, string Value = "")
{
    /// <summary>What it stands for: a parameter, a service whose image it is, a mount; null for a value that is only said.</summary>
    internal object? Source { get; init; }

    /// <summary>Whether the parameter is percent-encoded.</summary>
    internal bool IsUri { get; init; }
}

/// <summary>A service of a Compose file.</summary>
internal sealed record ComposeService
{
    internal required string Name { get; init; }

    internal required string Image { get; init; }

    internal string? ContainerName { get; init; }

    internal string? Hostname { get; init; }

    internal IReadOnlyList<string> Command { get; init; } = [];

    internal IReadOnlyList<string> Entrypoint { get; init; } = [];

    internal IReadOnlyList<(string Name, string Value)> Environment { get; init; } = [];

    internal IReadOnlyList<string> Ports { get; init; } = [];

    internal IReadOnlyList<string> Expose { get; init; } = [];

    internal IReadOnlyList<ComposeMount> Mounts { get; init; } = [];

    internal IReadOnlyList<(string Service, string Condition)> DependsOn { get; init; } = [];

    internal ComposeHealthCheck? HealthCheck { get; init; }

    internal int Replicas { get; init; } = 1;

    internal string? Profile { get; init; }

    internal required string Restart { get; init; }

    /// <summary>Whether two of it may work at the same time on the same data: so it is for services, not for servers.</summary>
    internal bool MayOverlap { get; init; }

    internal TimeSpan? StopGracePeriod { get; init; }

    internal YamlNode.Map ToYaml(string network) => new()
    {
        { "image", Image },
        { "container_name", ContainerName is null ? null : (YamlNode)ContainerName },
        { "hostname", Hostname is null ? null : (YamlNode)Hostname },
        { "command", ComposeFile.Texts(Command) },
        { "entrypoint", ComposeFile.Texts(Entrypoint) },
        { "environment", ComposeFile.Map(Environment.Select(variable => (variable.Name, (YamlNode)variable.Value))) },
        { "ports", ComposeFile.Texts(Ports) },
        { "expose", ComposeFile.Texts(Expose) },
        { "volumes", new YamlNode.Sequence([.. Mounts.Select(mount => mount.ToYaml())]) },
        { "depends_on", ComposeFile.Map(DependsOn.Select(dependency => (dependency.Service, (YamlNode)new YamlNode.Map { { "condition", dependency.Condition } }))) },
        { "healthcheck", HealthCheck?.ToYaml() },
        { "deploy", Replicas == 1 ? null : new YamlNode.Map { { "replicas", Replicas } } },
        { "profiles", Profile is null ? null : ComposeFile.Texts([Profile]) },
        { "networks", ComposeFile.Texts([network]) },
        { "restart", Restart },
        { "stop_grace_period", StopGracePeriod is { } period ? (YamlNode)ComposeHealthCheck.Seconds(period) : null },
    };
}

/// <summary>Something mounted in a service.</summary>
internal sealed record ComposeMount(bool IsBind, string Source, string Target, bool IsReadOnly)
{
    internal YamlNode ToYaml() => new YamlNode.Map
    {
        { "type", IsBind ? "bind" : "volume" },
        { "target", Target },
        { "source", Source },
        { "read_only", IsReadOnly },
    };
}

/// <summary>How a service is found healthy.</summary>
/// <param name="Line">A line of a shell in the container.</param>
/// <param name="Interval">How often it is run.</param>
/// <param name="Timeout">How long it may take.</param>
/// <param name="Retries">After how many failures in a row the service is not healthy any more.</param>
/// <param name="StartPeriod">How long failures do not count.</param>
internal sealed record ComposeHealthCheck(string Line, TimeSpan Interval, TimeSpan Timeout, int Retries, TimeSpan StartPeriod)
{
    internal YamlNode ToYaml() => new YamlNode.Map
    {
        { "test", ComposeFile.Texts(["CMD-SHELL", Line]) },
        { "interval", Seconds(Interval) },
        { "timeout", Seconds(Timeout) },
        { "retries", Retries },
        { "start_period", Seconds(StartPeriod) },
    };

    internal static string Seconds(TimeSpan time) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{time.TotalSeconds:0}s");
}
