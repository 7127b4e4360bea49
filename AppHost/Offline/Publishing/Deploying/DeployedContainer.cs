using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>What a container of a deployment is for.</summary>
internal enum ContainerRole
{
    /// <summary>It serves under the service's name and ports.</summary>
    Serving,

    /// <summary>It shows that the new release becomes healthy while the old one still serves: no name, no ports.</summary>
    Rehearsing,
}

/// <summary>A container as a release wants it.</summary>
internal sealed record DeployedContainer(ComposeService Service, int Replica, IReadOnlyDictionary<string, string> Values, string Deployment, string Network, string PublishAddress)
{
    internal const string DeploymentLabel = "stack.deployment";
    internal const string ServiceLabel = "stack.service";
    internal const string SpecificationLabel = "stack.specification";
    internal const string RoleLabel = "stack.role";

    internal string Image => Fill(Service.Image);

    /// <summary>The line that says whether it is healthy; null when nothing does.</summary>
    internal string? HealthLine => Service.HealthCheck is { } check ? Fill(check.Line) : null;

    internal string NameIn(int release, ContainerRole role) =>
        string.Create(CultureInfo.InvariantCulture, $"{Deployment}-{Service.Name}-{Replica}-r{release}{(role == ContainerRole.Rehearsing ? "-rehearsal" : "")}");

    /// <summary>Says whether a running container is what is wanted: everything that it is started with, and the image behind the name.</summary>
    internal string Specification(string imageId)
    {
        var (arguments, environment) = Arguments("", ContainerRole.Serving, "");
        var text = string.Join('\n', arguments.Concat(environment.Select(variable => $"{variable.Key}={variable.Value}")).Append(imageId));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..32];
    }

    /// <summary>The command that starts it, and the variables it reads from the environment of that command: on a command line everybody could read them.</summary>
    internal (IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment) Arguments(string name, ContainerRole role, string specification)
    {
        var environment = Service.Environment.ToDictionary(variable => variable.Name, variable => Fill(variable.Value));
        List<string> arguments =
        [
            "run", "--detach", "--pull", "never", "--name", name, "--network", Network, "--restart", role == ContainerRole.Serving ? Service.Restart : "no",
            "--label", $"{DeploymentLabel}={Deployment}", "--label", $"{ServiceLabel}={Service.Name}", "--label", $"{SpecificationLabel}={specification}", "--label", $"{RoleLabel}={role}",
        ];
        arguments.AddRange(environment.Keys.SelectMany(variable => new[] { "--env", variable }));
        arguments.AddRange(Service.Mounts.SelectMany(mount => new[] { "--volume", Volume(mount) }));
        if (role == ContainerRole.Serving)
        {
            arguments.AddRange(["--network-alias", Service.Name]);
            arguments.AddRange(Service.Ports.SelectMany(port => new[] { "--publish", PublishedPort(Fill(port)) }));
        }
        if (Service.Hostname is { } hostname)
        {
            arguments.AddRange(["--hostname", hostname]);
        }
        if (Service.StopGracePeriod is { } grace)
        {
            arguments.AddRange(["--stop-timeout", ((int)grace.TotalSeconds).ToString(CultureInfo.InvariantCulture)]);
        }
        if (Service.Entrypoint is [var entrypoint, ..])
        {
            arguments.AddRange(["--entrypoint", Fill(entrypoint)]);
        }
        return ([.. arguments, Image, .. Service.Command.Select(Fill)], environment);
    }

    private string Fill(string text) => DeploymentValues.Fill(text, Values);

    // The names that Compose itself would give.
    private string Volume(ComposeMount mount) => $"{(mount.IsBind ? Fill(mount.Source) : $"{Deployment}_{mount.Source}")}:{mount.Target}{(mount.IsReadOnly ? ":ro" : "")}";

    private string PublishedPort(string port) => port.Contains(':', StringComparison.Ordinal) ? $"{PublishAddress}:{port}" : $"{PublishAddress}::{port}";
}
