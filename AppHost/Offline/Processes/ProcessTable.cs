using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>What the system says of processes. Everything beyond the id comes from /proc, and is empty where there is none.</summary>
internal static class ProcessTable
{
    internal static bool IsSupported { get; } = Directory.Exists("/proc/self/fd");

    internal static IEnumerable<int> Ids()
    {
        if (!IsSupported)
        {
            yield break;
        }
        foreach (var directory in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(directory), NumberStyles.None, CultureInfo.InvariantCulture, out var id))
            {
                yield return id;
            }
        }
    }

    /// <summary>The processes whose environment has a variable that begins like this. Those of other users are not seen.</summary>
    internal static IReadOnlyList<int> WithEnvironment(string assignmentPrefix)
    {
        var wanted = Encoding.UTF8.GetBytes(assignmentPrefix);
        return [.. Ids().Where(id => id != Environment.ProcessId && HasVariable(ReadAll(id, "environ"), wanted) && !IsZombie(id))];
    }

    /// <summary>The process and everything that descends from it by an unbroken line of parents; nothing when it is gone.</summary>
    internal static IReadOnlyList<int> Family(int id)
    {
        if (id <= 1 || IsZombie(id))
        {
            return [];
        }
        var children = Ids().ToLookup(one => ParentOf(one) ?? 0);
        var family = new List<int> { id };
        for (var next = 0; next < family.Count; next++)
        {
            family.AddRange(children[family[next]].Where(child => !IsZombie(child)));
        }
        return family;
    }

    /// <summary>
    /// The processes that work in the folder or below it, show nothing of their environment, and have no parent there: what is left of a server that
    /// uses the memory of its environment for something else. One that somebody started there by hand is not among them, nor are its children.
    /// </summary>
    internal static IReadOnlyList<int> OrphansIn(string directory) => [.. Ids().Where(id => WorksIn(id, directory) && !IsZombie(id)
        && !ReadAll(id, "environ").AsSpan().ContainsAnyExcept((byte)0) && !(ParentOf(id) is { } parent && WorksIn(parent, directory)))];

    /// <summary>Whether the process's current folder is the one given or below it.</summary>
    internal static bool WorksIn(int id, string directory)
    {
        try
        {
            return new DirectoryInfo($"/proc/{id}/cwd").LinkTarget is { } folder && (folder == directory || folder.StartsWith(directory + "/", StringComparison.Ordinal));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The command line with spaces; the name in brackets when it has none; null when the process is gone.</summary>
    internal static string? CommandLine(int id)
    {
        var text = Encoding.UTF8.GetString(ReadAll(id, "cmdline")).TrimEnd('\0').Replace('\0', ' ');
        return text.Length > 0 ? text : Stat(id) is { } stat ? $"[{stat.Name}]" : null;
    }

    /// <summary>When the process started, in ticks since the machine did; together with the id it names one process for good. Null when it is gone.</summary>
    internal static long? StartTicks(int id) => Stat(id)?.StartTicks;

    internal static int? ParentOf(int id) => Stat(id)?.Parent;

    internal static bool IsZombie(int id) => Stat(id) is null or { State: 'Z' or 'X' };

    /// <summary>The memory the process has resident, in bytes; 0 when it is gone.</summary>
    internal static long ResidentBytes(int id)
    {
        var fields = Encoding.ASCII.GetString(ReadAll(id, "statm")).Split(' ');
        if (fields.Length > 1 && long.TryParse(fields[1], NumberStyles.None, CultureInfo.InvariantCulture, out var pages))
        {
            return pages * Environment.SystemPageSize;
        }
        try
        {
            using var process = Process.GetProcessById(id);
            return process.WorkingSet64;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            return 0;
        }
    }

    /// <summary>
    /// The memory the process costs, in bytes: its resident pages, those it shares counted as its share of them. What the system does not say
    /// is taken as resident.
    /// </summary>
    internal static long ProportionalBytes(int id)
    {
        const string label = "Pss:";
        var line = Encoding.ASCII.GetString(ReadAll(id, "smaps_rollup")).Split('\n').FirstOrDefault(line => line.StartsWith(label, StringComparison.Ordinal));
        return line is not null && long.TryParse(line[label.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture, out var kibibytes)
            ? kibibytes * 1024
            : ResidentBytes(id);
    }

    private static bool HasVariable(byte[] environment, byte[] wanted)
    {
        for (var from = 0; from < environment.Length;)
        {
            var found = environment.AsSpan(from).IndexOf(wanted);
            if (found < 0)
            {
                return false;
            }
            if (from + found == 0 || environment[from + found - 1] == 0)
            {
                return true;
            }
            from += found + 1;
        }
        return false;
    }

    private static (string Name, char State, int Parent, long StartTicks)? Stat(int id)
    {
        var text = Encoding.UTF8.GetString(ReadAll(id, "stat"));
        // The name is in parentheses and may hold any character.
        var (open, close) = (text.IndexOf('('), text.LastIndexOf(')'));
        if (open < 0 || close < open)
        {
            return null;
        }
        var fields = text[(close + 2)..].Split(' ');
        return (text[(open + 1)..close], fields[0][0], int.Parse(fields[1], CultureInfo.InvariantCulture), long.Parse(fields[19], CultureInfo.InvariantCulture));
    }

    private static byte[] ReadAll(int id, string file)
    {
        try
        {
            return IsSupported ? File.ReadAllBytes($"/proc/{id}/{file}") : [];
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
