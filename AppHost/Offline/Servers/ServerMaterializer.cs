using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Makes servers that a model describes as containers real by the servers installed on this machine: each as a child process with a folder and ports of
/// its own. The folder is kept between runs when the model gives the server a volume, and emptied at the first start of a run otherwise.
/// </summary>
internal sealed partial class ServerMaterializer(
    IEnumerable<IServerProgram> programs, ServerFolders folders, ServerPackages packages, KeptPorts ports, PortCheck portCheck, InstanceStarter starter, ILogger<ServerMaterializer> logger) : IMaterializer
{
    private readonly IServerProgram[] programs = [.. programs];
    private readonly ConcurrentDictionary<string, byte> begun = new(StringComparer.Ordinal);

    public MaterializationKind Kind => MaterializationKind.Process;

    public (bool IsPossible, string Reason) Assess(IResource resource) =>
        !resource.IsContainer() ? (false, "")
        : OperatingSystem.IsWindows() ? (false, "servers run as processes on Linux and macOS only")
        : ProgramOf(resource) is { } program ? program.Assess()
        : (false, "it is not a server that this host knows");

    public string? Remedy(IReadOnlyList<IResource> refused)
    {
        var missing = refused.Select(ProgramOf).OfType<IServerProgram>().Where(program => !program.Assess().IsPossible).Select(program => program.Product).Distinct().ToArray();
        return missing.Length == 0 || OperatingSystem.IsWindows() ? null : packages.Describe(missing);
    }

    public async Task<IMaterializedInstance> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var program = ProgramOf(instance.Resource)!;
        var account = ServerAccount.IsNeeded && program.Account is { } name ? ServerAccount.Find(name) : null;
        var folder = folders.Prepare(instance.Resource.Name, account);
        if (begun.TryAdd(instance.Id, 0))
        {
            if (!instance.Resource.HasAnnotationOfType<ContainerMountAnnotation>())
            {
                Empty(folder);
            }
            LogFolder(instance.Resource.Name, folder, account?.Name ?? Environment.UserName);
        }
        portCheck.Check(instance);
        return starter.Start(instance, await program.PrepareAsync(new ServerStart(instance, folder, account, ports, starter), cancellationToken));
    }

    private IServerProgram? ProgramOf(IResource resource) => Array.Find(programs, program => program.Serves(resource));

    private static void Empty(string folder)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            if (entry is DirectoryInfo { LinkTarget: null } directory)
            {
                directory.Delete(recursive: true);
            }
            else
            {
                entry.Delete();
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Server} keeps its data in {Folder} and runs as {User}.")]
    private partial void LogFolder(string server, string folder, string user);
}
