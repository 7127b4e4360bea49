using System.Diagnostics;
using Stack.Tests.Architecture;

namespace Stack.Tests.Containers;

/// <summary>Podman with a storage of its own, and images of Debian packages in it; made once per machine by prepare-images.sh, which says what is in them.</summary>
internal static class TestContainers
{
    private static readonly Lazy<Task<IReadOnlyDictionary<string, string>>> Prepared = new(PrepareAsync);

    /// <summary>The variables with which podman, and whatever calls it, uses that storage.</summary>
    public static Task<IReadOnlyDictionary<string, string>> EnvironmentAsync() => Prepared.Value;

    /// <summary>Runs podman on that storage to its end and returns what it wrote; fails the test when it fails.</summary>
    public static async Task<string> PodmanAsync(params string[] arguments)
    {
        var (exitCode, output, errors) = await RunAsync("podman", await EnvironmentAsync(), arguments);
        Assert.True(exitCode == 0, $"podman {string.Join(' ', arguments)} ended with {exitCode}: {errors}");
        return output.Trim();
    }

    /// <summary>Runs a program to its end.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(string program, IReadOnlyDictionary<string, string> environment, params IEnumerable<string> arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    private static async Task<IReadOnlyDictionary<string, string>> PrepareAsync()
    {
        var script = Path.Combine(SourceTree.Current.Root, "Tests", "Containers", "prepare-images.sh");
        var (exitCode, output, errors) = await RunAsync("bash", new Dictionary<string, string>(), script);
        Assert.True(exitCode == 0, $"{script} ended with {exitCode}: {errors}");
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
    }
}
