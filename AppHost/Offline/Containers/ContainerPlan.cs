using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>All that makes a container what it is, evaluated: the same plan makes the same container.</summary>
internal sealed record ContainerPlan(string Image, string? Entrypoint, IReadOnlyList<string> Arguments, IReadOnlyList<EvaluatedVariable> Environment, IReadOnlyList<string> Options, byte[]? Files)
{
    /// <summary>What tells one plan from another; a container that outlives its host is used again while it is the same.</summary>
    internal string Hash()
    {
        var text = new StringBuilder();
        foreach (var part in new[] { Image, Entrypoint ?? "" }.Concat(Arguments).Concat(Environment.Select(variable => $"{variable.Name}={variable.Value}").Order(StringComparer.Ordinal)).Concat(Options))
        {
            text.Append(part).Append('\0');
        }
        return Convert.ToHexStringLower(SHA256.HashData([.. Encoding.UTF8.GetBytes(text.ToString()), .. Files ?? []]))[..32];
    }

    /// <summary>The options of the runtime that the model says: ports, mounts, names in the network.</summary>
    internal static IEnumerable<string> OptionsOf(IResource resource, string network, IPAddress? gateway, Func<string, string> volumeName)
    {
        yield return $"--network={network}";
        foreach (var alias in new[] { resource.Name, $"{resource.Name}.dev.internal" }.Concat(resource.Annotations.OfType<ContainerNetworkAliasAnnotation>().Select(one => one.Alias)))
        {
            yield return $"--network-alias={alias}";
        }
        var host = gateway?.ToString() ?? "host-gateway";
        yield return $"--add-host={KnownHostNames.DefaultContainerTunnelHostName}:{host}";
        yield return $"--add-host={KnownHostNames.DockerDesktopHostBridge}:{host}";
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>().Where(endpoint => endpoint.AllocatedEndpoint is not null))
        {
            var protocol = endpoint.Protocol == ProtocolType.Udp ? "/udp" : "";
            var port = endpoint.AllocatedEndpoint!.Port;
            yield return string.Create(CultureInfo.InvariantCulture, $"--publish=127.0.0.1:{port}:{endpoint.TargetPort ?? port}{protocol}");
        }
        foreach (var mount in resource.Annotations.OfType<ContainerMountAnnotation>())
        {
            yield return MountOf(mount, volumeName);
        }
    }

    /// <summary>The arguments that make the container; variables come in <paramref name="environmentFile"/>, or by name from the client's own environment.</summary>
    internal IEnumerable<string> CreateArguments(ContainerRuntime runtime, string name, string environmentFile, IEnumerable<string> labels)
    {
        IEnumerable<string> all = ["--name", name, "--pull=never", "--env-file", environmentFile];
        // The client reads a podman's log from a file that the container writes; journald may not be there.
        all = runtime.IsPodman ? all.Concat(["--log-driver=k8s-file", "--log-opt=max-size=10mb"]) : all;
        all = all.Concat(ByName().SelectMany(variable => new[] { "--env", variable.Name })).Concat(labels).Concat(Options);
        all = Entrypoint is null ? all : all.Concat(["--entrypoint", Entrypoint]);
        return all.Append(Image).Concat(Arguments);
    }

    /// <summary>The lines of the file of variables; one with several lines cannot stand in it.</summary>
    internal string EnvironmentFile() => string.Concat(Environment.Where(variable => !IsLong(variable)).Select(variable => $"{variable.Name}={variable.Value}\n"));

    internal IEnumerable<EvaluatedVariable> ByName() => Environment.Where(IsLong);

    private static bool IsLong(EvaluatedVariable variable) => variable.Value.AsSpan().IndexOfAny('\n', '\r') >= 0;

    private static string MountOf(ContainerMountAnnotation mount, Func<string, string> volumeName)
    {
        var isReadOnly = mount.IsReadOnly ? ",ro" : "";
        return mount.Type == ContainerMountType.BindMount ? $"--mount=type=bind,source={mount.Source},target={mount.Target}{isReadOnly}"
            : string.IsNullOrEmpty(mount.Source) ? $"--mount=type=volume,target={mount.Target}"
            : $"--mount=type=volume,source={volumeName(mount.Source)},target={mount.Target}{isReadOnly}";
    }
}
