using System.Diagnostics;

namespace Aspire.Hosting.Offline;

/// <summary>The program that starts another as the leader of a new session, in place of itself, so that the process id stays.</summary>
internal sealed record SessionLauncher(string Program, IReadOnlyList<string> Arguments)
{
    private static readonly Lazy<SessionLauncher?> Found = new(Search);

    /// <summary>The launcher of this machine; null when there is none, as on Windows.</summary>
    internal static SessionLauncher? Find() => Found.Value;

    /// <summary>Describes a program that a Ctrl+C of the terminal does not end in the middle of its work.</summary>
    /// <param name="program">Its name or path.</param>
    internal static ProcessStartInfo StartOf(string program)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        if (Find() is { } launcher)
        {
            start.FileName = launcher.Program;
            foreach (var argument in launcher.Arguments.Append(program))
            {
                start.ArgumentList.Add(argument);
            }
        }
        return start;
    }

    private static SessionLauncher? Search()
    {
        if (OperatingSystem.IsWindows())
        {
            return null;
        }
        // Linux has setsid; macOS has not, but has perl.
        var search = ProgramSearch.OfThisMachine();
        return search.Find("setsid") is { } setsid ? new(setsid, [])
            : search.Find("perl") is { } perl ? new(perl, ["-MPOSIX=setsid", "-e", "setsid(); exec { $ARGV[0] } @ARGV or exit 127;", "--"])
            : null;
    }
}
