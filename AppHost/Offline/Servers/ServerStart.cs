using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>What a server's program is given to make a start ready: its folder, its ports, and a way to run what belongs to it.</summary>
internal sealed class ServerStart(ResourceInstance instance, string folder, ServerAccount? account, KeptPorts ports, InstanceStarter starter)
{
    private const UnixFileMode MineAlone = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    internal IResource Resource => instance.Resource;

    /// <summary>The folder that is this server's alone.</summary>
    internal string Folder => folder;

    internal string PathOf(string name) => Path.Combine(folder, name);

    /// <summary>The port of one of the resource's endpoints.</summary>
    internal int PortOf(string endpoint) =>
        Resource.Annotations.OfType<EndpointAnnotation>().FirstOrDefault(one => one.Name == endpoint)?.AllocatedEndpoint?.Port
        ?? throw new DistributedApplicationException($"'{Resource.Name}' has no address for its endpoint '{endpoint}'.");

    /// <summary>A port for the server's own purposes, the same at every start while it is free.</summary>
    internal int OwnPort(string purpose) => ports.Take($"{Resource.Name}/{purpose}");

    /// <summary>Writes a file that only the server can read.</summary>
    internal string Write(string name, string content, UnixFileMode mode = MineAlone)
    {
        var path = PathOf(name);
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = mode;
        }
        using (var writer = new StreamWriter(path, options))
        {
            writer.Write(content);
        }
        account?.Own(path);
        return path;
    }

    /// <summary>Makes a folder of the server's; an existing one stays.</summary>
    internal string MakeFolder(string name)
    {
        var path = PathOf(name);
        StateDirectory.Create(path);
        account?.Own(path);
        return path;
    }

    /// <summary>A command of the server's: as its user, in a folder of its own, with an environment of its own.</summary>
    internal LaunchCommand Command(string program, IReadOnlyList<string> arguments, string workingDirectory, params (string Name, string Value)[] environment) =>
        new(program, arguments, workingDirectory, [.. Defaults().Concat(environment).Select(one => new EvaluatedVariable(one.Name, one.Value, IsSecret: false))])
        {
            User = account?.Name,
            HasOwnEnvironment = true,
            OwnDirectory = folder,
        };

    /// <summary>Runs a command to its end; throws when it does not succeed.</summary>
    internal Task RunAsync(LaunchCommand command, CancellationToken cancellationToken) => RunAsync(command, input: "", cancellationToken);

    /// <inheritdoc cref="RunAsync(LaunchCommand, CancellationToken)"/>
    internal Task RunAsync(LaunchCommand command, string input, CancellationToken cancellationToken) => starter.RunAsync(instance, command, input, cancellationToken);

    private IEnumerable<(string Name, string Value)> Defaults()
    {
        yield return ("HOME", folder);
        foreach (var name in new[] { "PATH", "TZ", "TMPDIR" })
        {
            if (Environment.GetEnvironmentVariable(name) is { Length: > 0 } value)
            {
                yield return (name, value);
            }
        }
    }
}
