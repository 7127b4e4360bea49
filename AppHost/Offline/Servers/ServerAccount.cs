using System.Globalization;
using System.Runtime.InteropServices;

namespace Aspire.Hosting.Offline;

/// <summary>The user a server runs as when the host is root: PostgreSQL refuses root, and no server needs it.</summary>
internal sealed partial record ServerAccount(string Name, uint UserId, uint GroupId)
{
    private const string Nobody = "nobody";

    internal static bool IsNeeded => !OperatingSystem.IsWindows() && Environment.IsPrivilegedProcess;

    /// <summary>The account the package of the server made, or else <c>nobody</c>; null when there is neither.</summary>
    internal static ServerAccount? Find(string preferred) => Read("/etc/passwd", preferred) ?? Read("/etc/passwd", Nobody);

    /// <summary>Gives a file or folder to the account.</summary>
    internal void Own(string path)
    {
        if (ChangeOwner(path, UserId, GroupId) != 0)
        {
            throw new DistributedApplicationException($"{path} cannot be given to the user '{Name}', which the server runs as: {Marshal.GetLastPInvokeErrorMessage()}.");
        }
    }

    // The system's accounts are in the file; those of a directory service are people's.
    private static ServerAccount? Read(string file, string name) => !File.Exists(file) ? null : File.ReadLines(file).Select(line => line.Split(':'))
        .Where(fields => fields.Length > 3 && fields[0] == name && fields[2].All(char.IsAsciiDigit) && fields[3].All(char.IsAsciiDigit))
        .Select(fields => new ServerAccount(name, uint.Parse(fields[2], CultureInfo.InvariantCulture), uint.Parse(fields[3], CultureInfo.InvariantCulture)))
        .FirstOrDefault();

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int ChangeOwner(string path, uint user, uint group);
}
