using Microsoft.Extensions.Configuration;

namespace Aspire.Hosting.Offline;

/// <summary>Where an application keeps what outlives a run: secrets, logs, and the files of the run itself.</summary>
internal sealed class StateDirectory(string path)
{
    internal string Path { get; } = path;

    internal string Logs => System.IO.Path.Combine(Path, "logs");

    internal string Run => System.IO.Path.Combine(Path, "run");

    /// <summary>The configured one (<c>--data</c>), or else <c>.stack</c> at the root of the repository the host's project is in.</summary>
    internal static string PathOf(IConfiguration configuration, string appHostDirectory) =>
        System.IO.Path.GetFullPath(configuration["data"] is { Length: > 0 } configured ? configured : System.IO.Path.Combine(RepositoryRoot(appHostDirectory), ".stack"));

    /// <summary>Makes a directory that only its owner can read; an existing one stays as it is.</summary>
    internal static void Create(string path)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The data directory {path} cannot be made: {failure.Message} Choose another with --data DIR.", failure);
        }
    }

    /// <summary>Makes the directories and finds out whether they can be written.</summary>
    internal void Prepare()
    {
        foreach (var needed in new[] { Path, Logs, Run })
        {
            Create(needed);
        }
        var probe = System.IO.Path.Combine(Run, ".probe");
        try
        {
            // As much as the files of a run need: an empty file can be made on a full disk, too.
            File.WriteAllBytes(probe, new byte[16 * 1024]);
            File.Delete(probe);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException($"The data directory {Path} cannot be written: {failure.Message} Free it, or choose another with --data DIR.", failure);
        }
    }

    private static string RepositoryRoot(string start)
    {
        for (var directory = new DirectoryInfo(start); directory is not null; directory = directory.Parent)
        {
            if (System.IO.Path.Exists(System.IO.Path.Combine(directory.FullName, ".git")) || directory.EnumerateFiles("*.sln").Any())
            {
                return directory.FullName;
            }
        }
        return start;
    }
}
