using System.Diagnostics;
using System.Globalization;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Pipeline;

/// <summary>An orchestrator and an agent host as processes of their own, in a folder of their own.</summary>
internal sealed class SystemUnderTest : IDisposable
{
    private readonly List<(string Name, Process Process)> _processes = [];
    private readonly string _directory = Directory.CreateTempSubdirectory("stack-bench-").FullName;

    private SystemUnderTest(Uri address) => Address = address;

    public Uri Address { get; }

    public static async Task<SystemUnderTest> StartAsync(Infrastructure infrastructure, int slots)
    {
        var system = new SystemUnderTest(new Uri($"http://127.0.0.1:{ServerProcess.FreePort()}"));
        try
        {
            system.Start("orchestrator", "Orchestrator", "Stack.Orchestrator.dll", new(infrastructure.Settings)
            {
                ["ASPNETCORE_URLS"] = system.Address.ToString(),
                ["Stack__DataDirectory"] = infrastructure.DataDirectory,
            });
            await system.WaitAsync("/health/ready");
            system.Start("agents", "Agents", "Stack.Agents.dll", new(infrastructure.Settings)
            {
                ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{ServerProcess.FreePort()}",
                ["Stack__OrchestratorUrl"] = system.Address.ToString(),
                ["Stack__DataDirectory"] = Path.Combine(system._directory, "agents"),
                ["Agent__MaxConcurrency"] = slots.ToString(CultureInfo.InvariantCulture),
            }, "--type", "noop");
            await system.WaitAsync("/api/v1/agents", body => body.Contains("noop", StringComparison.Ordinal));
            return system;
        }
        catch
        {
            system.Dispose();
            throw;
        }
    }

    public IEnumerable<(string Name, int Id)> Processes => _processes.Select(entry => (entry.Name, entry.Process.Id));

    public IEnumerable<(string Name, double Megabytes)> PeakMegabytes() => _processes.Select(entry =>
    {
        entry.Process.Refresh();
        return (entry.Name, entry.Process.PeakWorkingSet64 / 1048576.0);
    });

    public void Dispose()
    {
        foreach (var (_, process) in Enumerable.Reverse(_processes))
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                process.WaitForExit(5000);
            }

            process.Dispose();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private void Start(string name, string project, string assembly, Dictionary<string, string> environment, params string[] arguments)
    {
        // The benchmark's own output folder has the same configuration as the programs that it measures.
        var configuration = new DirectoryInfo(AppContext.BaseDirectory).Name;
        var dll = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, assembly));
        var log = Path.Combine(_directory, name + ".log");
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _directory };
        foreach (var argument in (string[])["-c", "exec dotnet \"$0\" \"$@\" > \"$LOG\" 2>&1", dll, .. arguments])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["LOG"] = log;
        start.Environment["Logging__LogLevel__Default"] = "Warning";
        foreach (var (key, value) in environment)
        {
            start.Environment[key] = value;
        }

        _processes.Add((name, Process.Start(start)!));
    }

    private async Task WaitAsync(string path, Func<string, bool>? accept = null)
    {
        using var client = new HttpClient { BaseAddress = Address };
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(30))
        {
            try
            {
                using var response = await client.GetAsync(path);
                if (response.IsSuccessStatusCode && (accept?.Invoke(await response.Content.ReadAsStringAsync()) ?? true))
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            await Task.Delay(50);
        }

        var logs = _processes.Select(entry => File.ReadAllText(Path.Combine(_directory, entry.Name + ".log")));
        throw new TimeoutException($"{path} was not ready within 30 s.{Environment.NewLine}{string.Join(Environment.NewLine, logs)}");
    }
}
