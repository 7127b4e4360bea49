using System.Runtime.InteropServices;

namespace Aspire.Hosting.Offline;

/// <summary>Sends signals to processes and process groups.</summary>
internal static partial class Signal
{
    internal const int Kill = 9;
    internal const int Terminate = 15;

    /// <summary>Stands a process still; the number differs between systems.</summary>
    internal static int Pause { get; } = OperatingSystem.IsMacOS() ? 17 : 19;

    /// <summary>Lets a process go on that stands still.</summary>
    internal static int Resume { get; } = OperatingSystem.IsMacOS() ? 19 : 18;

    /// <summary>Sends a signal to a process; false when it is gone or not ours.</summary>
    internal static bool Send(int processId, int signal) => processId > 1 && SystemKill(processId, signal) == 0;

    /// <summary>Sends a signal to every process of a group; false when there is none.</summary>
    internal static bool SendToGroup(int groupId, int signal) => groupId > 1 && SystemKill(-groupId, signal) == 0;

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SystemKill(int processId, int signal);
}
