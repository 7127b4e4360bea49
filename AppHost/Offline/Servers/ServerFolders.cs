using System.Security.Cryptography;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Where servers keep what is theirs: one folder each, in <c>servers</c> of the data directory. When the host is root the servers are other
/// users, who cannot enter the data directory; then <c>servers</c> is a link to a folder below <c>/var/lib/stack</c>.
/// </summary>
internal sealed class ServerFolders(StateDirectory data, string outside = "/var/lib/stack")
{
    private const UnixFileMode Mine = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = Mine | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly Lock gate = new();

    /// <summary>Where the folder of all is found: itself, or a link to it. It may not be there.</summary>
    internal string Link => Path.Combine(data.Path, "servers");

    /// <summary>The folder of all, as processes see it; null before the first server was started.</summary>
    internal string? Existing => Directory.Exists(Link) ? new DirectoryInfo(Link).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Link : null;

    /// <summary>The folder of one server; made when it is not there.</summary>
    internal string Prepare(string name, ServerAccount? account)
    {
        // Servers start at the same time, and the first of them makes what all share.
        lock (gate)
        {
            var folder = Path.Combine(account is null ? Own() : Outside(), name);
            Make(folder, Mine);
            account?.Own(folder);
            return folder;
        }
    }

    private string Own()
    {
        StateDirectory.Create(Link);
        return Link;
    }

    // By a name of its own, so that who deletes the data directory starts afresh, whatever its path is.
    private string Outside()
    {
        if (Existing is { } existing)
        {
            return existing != Link ? existing : throw new DistributedApplicationException(
                $"{Link} was made by a host that was not root, and this one is. Run as that user, or start with another directory (--data DIR).");
        }
        var folder = Path.Combine(outside, RandomNumberGenerator.GetHexString(12, lowercase: true));
        Make(outside, Passable);
        Make(folder, Passable);
        File.WriteAllText(Path.Combine(folder, "of"), data.Path + "\n");
        // A link whose folder somebody deleted would be in the way.
        File.Delete(Link);
        File.CreateSymbolicLink(Link, folder);
        return folder;
    }

    private static void Make(string path, UnixFileMode mode)
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path);
                File.SetUnixFileMode(path, mode);
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new DistributedApplicationException(
                $"The folder {path}, where servers keep their data, cannot be made: {failure.Message} Run the host as another user than root, or use --infrastructure embedded.", failure);
        }
    }
}
