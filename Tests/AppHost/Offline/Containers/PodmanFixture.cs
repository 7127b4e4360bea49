using System.Diagnostics;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Containers;

/// <summary>
/// Podman with images of Debian packages, as <c>Tests/Containers/prepare-images.sh</c> makes them once per machine. Everything this process starts from then
/// on uses that podman.
/// </summary>
public sealed class PodmanFixture : IAsyncLifetime
{
    internal const string Image = "localhost/stack-test/debian";

    public async Task InitializeAsync()
    {
        if (!ServerPrograms.Has("podman"))
        {
            return;
        }
        foreach (var line in (await RunAsync("bash", Script!)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var parts = line.Split('=', 2);
            Environment.SetEnvironmentVariable(parts[0], parts[1]);
        }
    }

    public Task DisposeAsync() => Task.CompletedTask;

    internal static async Task<IReadOnlyList<string>> PodmanAsync(params string[] arguments) =>
        (await RunAsync("podman", arguments)).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static async Task<(int ExitCode, string Output)> RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program) { RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, output);
    }

    /// <summary>What makes the images; null when it is not above the tests' assembly.</summary>
    internal static string? Script { get; } = FindScript();

    private static string? FindScript()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            var script = Path.Combine(folder.FullName, "Tests", "Containers", "prepare-images.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }
        return null;
    }
}

/// <summary>Tests of containers run one after another: they share one podman.</summary>
[CollectionDefinition(Name)]
public sealed class PodmanCollection : ICollectionFixture<PodmanFixture>
{
    public const string Name = "Podman";
}
