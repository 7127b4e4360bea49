using System.Diagnostics;

namespace Stack.Tests.Orchestrator.Workspaces;

/// <summary>The git that a person or an agent runs, without the machine's configuration.</summary>
internal static class GitProcess
{
    /// <summary>Runs a command that must succeed.</summary>
    /// <returns>What it wrote.</returns>
    public static async Task<string> RunAsync(string folder, params string[] arguments)
    {
        var (exitCode, output, error) = await TryAsync(folder, arguments);
        Assert.True(exitCode == 0, $"git {string.Join(' ', arguments)}: {error}{output}");
        return output.TrimEnd('\n');
    }

    public static async Task<(int ExitCode, string Output, string Error)> TryAsync(string folder, params string[] arguments)
    {
        var start = new ProcessStartInfo("git", ["-c", "user.name=Test", "-c", "user.email=test@localhost", "-c", "init.defaultBranch=main", .. arguments])
        {
            WorkingDirectory = folder,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await error);
    }
}
