using System.ComponentModel;
using System.Diagnostics;

namespace Stack.Cli;

/// <summary>What the command sees of the machine that it runs on.</summary>
internal sealed class Surroundings
{
    /// <summary>For results.</summary>
    public required TextWriter Out { get; init; }

    /// <summary>For everything that is not a result.</summary>
    public required TextWriter Error { get; init; }

    /// <summary>For answers, and for texts given as <c>-</c>.</summary>
    public required TextReader In { get; init; }

    /// <summary>Whether a person sees <see cref="Out"/>.</summary>
    public bool OutIsTerminal { get; init; }

    /// <summary>Whether a person is behind <see cref="In"/>.</summary>
    public bool InIsTerminal { get; init; }

    /// <summary>Opens the stream behind <see cref="Out"/>, for contents that are not text.</summary>
    public Func<Stream> OpenOut { get; init; } = () => Stream.Null;

    /// <summary>The terminal's columns and rows.</summary>
    /// <value>The default is 80 columns of 24 rows.</value>
    public Func<(int Width, int Height)> Size { get; init; } = () => (80, 24);

    /// <summary>How this command is called where the person is, for the commands that it proposes.</summary>
    /// <value>The default is <c>stack</c>.</value>
    public string CommandName { get; init; } = "stack";

    /// <summary>Looks up an environment variable; null: it is not set.</summary>
    public Func<string, string?> Variable { get; init; } = _ => null;

    /// <summary>The folder that relative paths start from.</summary>
    public required string Directory { get; init; }

    /// <summary>The clock, with the person's time zone.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The program that clones repositories.</summary>
    /// <value>The default is <c>git</c>.</value>
    public string Git { get; init; } = "git";

    /// <summary>Shows an address in a browser; false when there is none.</summary>
    public Func<Uri, bool> OpenBrowser { get; init; } = _ => false;

    /// <summary>Those of this process.</summary>
    public static Surroundings OfThisProcess() => new()
    {
        Out = Console.Out,
        Error = Console.Error,
        In = Console.In,
        OutIsTerminal = !Console.IsOutputRedirected,
        InIsTerminal = !Console.IsInputRedirected,
        OpenOut = Console.OpenStandardOutput,
        Size = () => (Console.WindowWidth is > 0 and var width ? width : 80, Console.WindowHeight is > 0 and var height ? height : 24),
        CommandName = CommandNameIn(Environment.CurrentDirectory),
        Variable = Environment.GetEnvironmentVariable,
        Directory = Environment.CurrentDirectory,
        OpenBrowser = StartBrowser,
    };

    /// <summary>A path as the person meant it.</summary>
    public string PathOf(string path) => Path.GetFullPath(path, Directory);

    // Who runs it from the sources, in their folder, has no 'stack' to call.
    private static string CommandNameIn(string directory) =>
        File.Exists(Path.Combine(directory, "Orchestrator", "Cli", "Cli.csproj")) && AppContext.BaseDirectory.StartsWith(directory, StringComparison.Ordinal)
            ? "dotnet run --project Orchestrator/Cli --"
            : "stack";

    private static bool StartBrowser(Uri address)
    {
        if (OperatingSystem.IsLinux()
            && Environment.GetEnvironmentVariable("DISPLAY") is null or ""
            && Environment.GetEnvironmentVariable("WAYLAND_DISPLAY") is null or "")
        {
            return false;
        }

        try
        {
            using var browser = Process.Start(new ProcessStartInfo(address.AbsoluteUri) { UseShellExecute = true });
            return true;
        }
        catch (Win32Exception)
        {
            return false;
        }
    }
}
