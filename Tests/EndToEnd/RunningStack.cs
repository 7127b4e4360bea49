using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Runtime.InteropServices;
using System.Text;
using Stack.Checks.Processes;
using Stack.Contracts;

namespace Stack.Tests.EndToEnd;

/// <summary>The whole of Stack as a user starts it: the AppHost as a process of its own, with its data and its port.</summary>
internal sealed class RunningStack : IAsyncDisposable
{
    private readonly StringBuilder _output = new();
    private Process? _appHost;

    private readonly string _infrastructure;

    public RunningStack(string infrastructure = "embedded")
    {
        _infrastructure = infrastructure;
        DataDirectory = Directory.CreateTempSubdirectory("stack-e2e-").FullName;
        Port = FreePort.Next();
        Client = new HttpClient { BaseAddress = Address, Timeout = TimeSpan.FromSeconds(30) };
    }

    public string DataDirectory { get; }

    public int Port { get; }

    public Uri Address => new($"http://localhost:{Port}");

    public HttpClient Client { get; }

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public int AppHostPid => _appHost!.Id;

    /// <summary>Starts the AppHost and waits until the orchestrator is ready and all five agents are there.</summary>
    /// <param name="environment">Variables beside those of the tests.</param>
    public async Task StartAsync(params IEnumerable<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = DataDirectory };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        foreach (var argument in (string[])[Programs.PathOf("AppHost", "Stack.AppHost.dll"), "--orchestrator-port", Port.ToString(CultureInfo.InvariantCulture), "--data", DataDirectory, "--infrastructure", _infrastructure])
        {
            start.ArgumentList.Add(argument);
        }

        _appHost = new Process { StartInfo = start };
        _appHost.OutputDataReceived += (_, line) => Remember(line.Data);
        _appHost.ErrorDataReceived += (_, line) => Remember(line.Data);
        _appHost.Start();
        _appHost.BeginOutputReadLine();
        _appHost.BeginErrorReadLine();
        await WaitUntilReadyAsync(TimeSpan.FromSeconds(_infrastructure == "embedded" ? 60 : 120));
    }

    public async Task WaitUntilReadyAsync(TimeSpan deadline) => await Answering.TrueAsync(
        async () =>
        {
            using var ready = await Client.GetAsync("/health/ready");
            var agents = await Client.GetFromJsonAsync<AgentList>("/api/v1/agents", StackJson.Options);
            return ready.IsSuccessStatusCode && agents!.Agents.Where(agent => agent.Status is not AgentStatus.Offline).Select(agent => agent.AgentType).Distinct().Count() >= 5;
        },
        deadline,
        () => $"The stack did not become ready.{Environment.NewLine}{Output}");

    public async Task<WorkflowResource> SubmitAsync(string requirements, string? definition = null)
    {
        using var response = await Client.PostAsJsonAsync("/api/v1/workflows", new SubmitWorkflowRequest { ProjectRequirements = requirements, Definition = definition }, StackJson.Options);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        return System.Text.Json.JsonSerializer.Deserialize<WorkflowResource>(body, StackJson.Options)!;
    }

    public async Task<WorkflowResource> GetAsync(WorkflowId id) =>
        (await Client.GetFromJsonAsync<WorkflowResource>($"/api/v1/workflows/{id}", StackJson.Options))!;

    public async Task<IReadOnlyList<EventResource>> EventsAsync(WorkflowId id)
    {
        var all = new List<EventResource>();
        while (true)
        {
            var page = await Client.GetFromJsonAsync<EventList>($"/api/v1/workflows/{id}/events?limit=1000&after={(all.Count == 0 ? 0 : all[^1].Id)}", StackJson.Options);
            all.AddRange(page!.Events);
            if (page.Events.Count < 1000)
            {
                return all;
            }
        }
    }

    /// <summary>Every process whose command line, folder or environment names this stack's data folder: children, their children, deployed programs.</summary>
    public IReadOnlyList<(int Pid, string Command)> Processes()
    {
        var found = new List<(int, string)>();
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), CultureInfo.InvariantCulture, out var pid) && pid != Environment.ProcessId && Belongs(folder, out var command))
            {
                found.Add((pid, command));
            }
        }

        return found;
    }

    public static void Kill(int pid) => Signals.Send(pid, Signals.Kill);

    /// <summary>Asks a process to end.</summary>
    public static void Terminate(int pid) => Signals.Send(pid, Signals.Terminate);

    /// <summary>Stops the AppHost as Ctrl+C does.</summary>
    public async Task StopAsync()
    {
        if (_appHost is { HasExited: false } running)
        {
            Signals.Send(running.Id, Signals.Interrupt);
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            await running.WaitForExitAsync(deadline.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_appHost is { HasExited: false } running)
        {
            running.Kill(entireProcessTree: true);
            await running.WaitForExitAsync();
        }

        foreach (var (pid, _) in Processes())
        {
            Kill(pid);
        }

        _appHost?.Dispose();
        Client.Dispose();
        foreach (var folder in Folders().Reverse().ToArray())
        {
            Stack.Checks.Processes.Folders.Remove(folder);
        }
    }

    // Servers of a host that is root have their data elsewhere.
    private IEnumerable<string> Folders()
    {
        yield return DataDirectory;
        var servers = new DirectoryInfo(Path.Combine(DataDirectory, "servers"));
        if (servers.Exists && servers.ResolveLinkTarget(returnFinalTarget: true) is { } elsewhere)
        {
            yield return elsewhere.FullName;
        }
    }

    private bool Belongs(string folder, out string command)
    {
        command = "";
        try
        {
            command = File.ReadAllText(Path.Combine(folder, "cmdline")).Replace('\0', ' ');
            var where = $"{command}\0{new DirectoryInfo(Path.Combine(folder, "cwd")).LinkTarget}\0{File.ReadAllText(Path.Combine(folder, "environ"))}";
            return Folders().Any(one => where.Contains(one, StringComparison.Ordinal));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It ended while we looked.
        }
    }

    private void Remember(string? line)
    {
        lock (_output)
        {
            _output.AppendLine(line);
        }
    }

    private static class Signals
    {
        public const int Interrupt = 2;
        public const int Kill = 9;
        public const int Terminate = 15;

        public static void Send(int pid, int signal) => _ = kill(pid, signal);

        [DllImport("libc", SetLastError = true)]
        private static extern int kill(int pid, int signal);
    }
}
