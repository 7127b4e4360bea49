using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Stack.Checks.Processes;

/// <summary>Signals and measures processes that belong together: a Unix process group, or all that carry a mark in their environment.</summary>
internal static class ProcessGroup
{
    /// <summary>The variable that marks every process of an attempt, so that one that left its group is found all the same.</summary>
    public const string OwnerVariable = "STACK_PROCESS_OWNER";

    /// <summary>Asks to end.</summary>
    public const int Terminate = 15;

    /// <summary>Ends.</summary>
    public const int Kill = 9;

    private const int NoSuchProcess = 3;
    private const int NotPermitted = 1;

    /// <summary>Sends a signal to every process of a group. False: there is none left.</summary>
    /// <param name="groupId">The group; its leader's process id.</param>
    /// <param name="signal">The signal.</param>
    public static bool Signal(int groupId, int signal) => Send(-groupId, signal);

    /// <summary>Ends every process whose <see cref="OwnerVariable"/> begins with a text, until none is found.</summary>
    /// <param name="ownerPrefix">The text.</param>
    /// <returns>How many were ended.</returns>
    public static int KillOwned(string ownerPrefix)
    {
        var wanted = Encoding.UTF8.GetBytes($"{OwnerVariable}={ownerPrefix}");
        var killed = 0;
        for (var pass = 0; pass < 10; pass++)
        {
            var before = killed;
            foreach (var pid in ProcessIds())
            {
                if (pid != Environment.ProcessId && Carries(pid, wanted) && Send(pid, Kill))
                {
                    killed++;
                }
            }

            if (killed == before)
            {
                break;
            }
        }

        return killed;
    }

    /// <summary>Adds up processor time and resident memory of a group, with what ended children of its members used.</summary>
    /// <param name="groupId">The group.</param>
    public static (TimeSpan Cpu, long MemoryBytes) Measure(int groupId)
    {
        long ticks = 0;
        long pages = 0;
        foreach (var pid in ProcessIds())
        {
            // After the name in parentheses, which may contain anything: state ppid pgrp … utime stime cutime cstime … rss.
            var stat = ReadText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length > 21 && Number(fields[2]) == groupId)
            {
                ticks += Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
                pages += Number(fields[21]);
            }
        }

        return (TimeSpan.FromMilliseconds(ticks * 10), pages * Environment.SystemPageSize);
    }

    private static IEnumerable<int> ProcessIds()
    {
        if (!Directory.Exists("/proc/self"))
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(path.AsSpan()), NumberStyles.None, CultureInfo.InvariantCulture, out var pid))
            {
                yield return pid;
            }
        }
    }

    private static bool Carries(int pid, byte[] wanted)
    {
        try
        {
            var environment = File.ReadAllBytes($"/proc/{pid}/environ").AsSpan();
            var at = environment.IndexOf(wanted);
            return at == 0 || (at > 0 && environment[at - 1] == 0);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile, or belongs to someone else.
            return false;
        }
    }

    private static string ReadText(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    private static long Number(string text) => long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) ? value : 0;

    private static bool Send(int target, int signal)
    {
        if (SendSignal(target, signal) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        return error is NoSuchProcess or NotPermitted ? false : throw new Win32Exception(error);
    }

    [DllImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
