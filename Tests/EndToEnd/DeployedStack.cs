using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Stack.Checks.Processes;
using Stack.Tests.Containers;

namespace Stack.Tests.EndToEnd;

/// <summary>The whole of Stack, deployed by the AppHost in containers of podman; one for all tests of a class.</summary>
public sealed class DeployedStack : IAsyncLifetime, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("stack-deployed-").FullName;
    private readonly string _name = $"stacktest{Environment.ProcessId.ToString(CultureInfo.InvariantCulture)}";
    private HttpClient? _client;

    public int Port { get; } = FreePort.Next();

    public Uri Address => new($"http://127.0.0.1:{Port}");

    public HttpClient Client => _client ??= new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30), DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", ApiKey) } };

    public string EnvironmentFile => Path.Combine(_folder, "out", ".env");

    public string ApiKey => JsonNode.Parse(File.ReadAllText(Path.Combine(_folder, "data", "secrets.json")))!["Parameters:api-key"]!.GetValue<string>();

    /// <summary>What the first deployment said.</summary>
    public string FirstWords { get; private set; } = "";

    public TimeSpan FirstTook { get; private set; }

    public string Container(string service, int release) => $"{_name}-{service}-1-r{release.ToString(CultureInfo.InvariantCulture)}";

    public async Task InitializeAsync()
    {
        if (new ContainerFactAttribute().Skip is not null)
        {
            return;
        }

        await TestContainers.EnvironmentAsync();
        var started = Stopwatch.GetTimestamp();
        var (exitCode, output) = await AppHostAsync("deploy");
        (FirstWords, FirstTook) = (output, Stopwatch.GetElapsedTime(started));
        Assert.True(exitCode == 0, output);
    }

    /// <summary>Runs the AppHost for this deployment and returns its exit code and all that it wrote.</summary>
    public async Task<(int ExitCode, string Output)> AppHostAsync(string verb, int healthSeconds = 90)
    {
        var (exitCode, output, errors) = await TestContainers.RunAsync("dotnet", await TestContainers.EnvironmentAsync(), ArgumentsOf(verb, healthSeconds));
        return (exitCode, output + errors);
    }

    /// <summary>Runs the AppHost for this deployment, interrupts it at a moment, and returns its exit code and all that it wrote.</summary>
    public async Task<(int ExitCode, string Output)> InterruptedAsync(string verb, Func<Task<bool>> moment, int healthSeconds)
    {
        var start = new ProcessStartInfo("dotnet", ArgumentsOf(verb, healthSeconds)) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in await TestContainers.EnvironmentAsync())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await Answering.TrueAsync(moment, TimeSpan.FromMinutes(1), () => "The moment did not come.");
        RunningStack.Terminate(process.Id);
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await errors);
    }

    private string[] ArgumentsOf(string verb, int healthSeconds) =>
    [
        Programs.PathOf("AppHost", "Stack.AppHost.dll"), verb, "--output-path", Path.Combine(_folder, "out"), "--data", Path.Combine(_folder, "data"), "--deployment-name", _name,
        "--orchestrator-port", Port.ToString(CultureInfo.InvariantCulture), "--base-image", "localhost/stack-test/workshop", "--health-timeout", healthSeconds.ToString(CultureInfo.InvariantCulture),
    ];

    /// <summary>Runs the command of Stack against the deployment.</summary>
    internal Task<(int ExitCode, string Output, string Error)> CliAsync(TimeSpan deadline, params string[] arguments) =>
        Programs.RunAsync("dotnet", _folder, deadline, [Programs.PathOf("Cli", "stack.dll"), .. arguments, "--server", Address.ToString(), "--api-key", ApiKey]);

    public async Task DisposeAsync()
    {
        if (FirstWords.Length > 0)
        {
            await AppHostAsync("destroy");
            foreach (var volume in (await TestContainers.PodmanAsync("volume", "ls", "--quiet", "--filter", $"name={_name}_")).Split('\n', StringSplitOptions.RemoveEmptyEntries))
            {
                await TestContainers.PodmanAsync("volume", "rm", "--force", volume);
            }
        }

        Folders.Remove(_folder);
    }

    public void Dispose() => _client?.Dispose();
}
