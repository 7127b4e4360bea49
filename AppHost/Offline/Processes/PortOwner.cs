using System.Globalization;
using System.Net.NetworkInformation;

namespace Aspire.Hosting.Offline;

/// <summary>Who listens on a port of this machine.</summary>
internal static class PortOwner
{
    private const string Listening = "0A";

    private static readonly string[] Tables = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Whether anybody listens on the port at the loopback address or at all addresses.</summary>
    internal static bool IsTaken(int port)
    {
        if (ProcessTable.IsSupported)
        {
            return Sockets(port).Any();
        }
        return IPGlobalProperties.GetIPGlobalProperties().GetActiveTcpListeners().Any(listener => listener.Port == port);
    }

    /// <summary>Names the holder in words: process id and command line as far as they can be seen.</summary>
    internal static string Describe(int port)
    {
        var inodes = Sockets(port).Select(inode => $"socket:[{inode}]").ToHashSet(StringComparer.Ordinal);
        var holders = ProcessTable.Ids().Where(id => Holds(id, inodes)).ToArray();
        return holders.Length == 0
            ? "a process that this user cannot see"
            : string.Join(", ", holders.Select(id => $"process {id} ({Shorten(ProcessTable.CommandLine(id) ?? "gone")})"));
    }

    private static bool Holds(int id, HashSet<string> inodes)
    {
        if (inodes.Count == 0)
        {
            return false;
        }
        try
        {
            return Directory.EnumerateFiles($"/proc/{id}/fd").Any(descriptor => new FileInfo(descriptor).LinkTarget is { } target && inodes.Contains(target));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<string> Sockets(int port)
    {
        foreach (var table in Tables.Where(File.Exists))
        {
            foreach (var line in File.ReadLines(table).Skip(1))
            {
                var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
                var (address, local) = (fields[1].Split(':')[0], int.Parse(fields[1].Split(':')[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                if (local == port && fields[3] == Listening && IsReachedAsLocalhost(address))
                {
                    yield return fields[9];
                }
            }
        }
    }

    // Any address is all zeros; loopback is 127.x (least significant byte first), ::1 or a mapped 127.x.
    private static bool IsReachedAsLocalhost(string address) =>
        address.All(digit => digit == '0') || (address.Length == 8 && address.EndsWith("7F", StringComparison.Ordinal))
        || address == "00000000000000000000000001000000" || (address.StartsWith("0000000000000000FFFF0000", StringComparison.Ordinal) && address.EndsWith("7F", StringComparison.Ordinal))
        || address == "0000000000000000FFFF000000000000";

    private static string Shorten(string commandLine) => commandLine.Length <= 160 ? commandLine : $"{commandLine[..157]}...";
}
