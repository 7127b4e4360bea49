using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>Says an exit code in words.</summary>
internal static class ExitCode
{
    internal static string Describe(int code) => code switch
    {
        129 => "exit code 129 (SIGHUP)",
        130 => "exit code 130 (SIGINT)",
        134 => "exit code 134 (SIGABRT: an unhandled exception)",
        135 => "exit code 135 (SIGBUS)",
        137 => "exit code 137 (SIGKILL: killed, perhaps for lack of memory)",
        139 => "exit code 139 (SIGSEGV)",
        143 => "exit code 143 (SIGTERM)",
        _ => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
    };
}
