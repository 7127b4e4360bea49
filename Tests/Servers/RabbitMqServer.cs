using System.Diagnostics;
using System.Globalization;
using Stack.Checks.Processes;
using Stack.Messaging.RabbitMq;

namespace Stack.Tests.Servers;

/// <summary>The tests that share one RabbitMQ. They run one after the other, since some of them stop it.</summary>
[CollectionDefinition(Name)]
public sealed class RabbitMqTests : ICollectionFixture<RabbitMqServer>
{
    public const string Name = "rabbitmq";
}

/// <summary>A real RabbitMQ in a folder of its own, on ports of its own, with an Erlang port mapper of its own.</summary>
public sealed class RabbitMqServer : IAsyncLifetime
{
    // The server's own script starts the virtual machine as its child; so a shell watches whether the tests are still there, and ends the whole group when not.
    private const string Script = """
        setsid "$0" > server.out 2>&1 &
        while kill -0 "$1" 2>/dev/null && kill -0 $! 2>/dev/null; do sleep 1; done
        kill -9 -$! 2>/dev/null
        kill -0 "$1" 2>/dev/null || epmd -port "$ERL_EPMD_PORT" -kill > epmd.out 2>&1
        """;

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private readonly string _folder = Directory.CreateTempSubdirectory("stack-rabbitmq-").FullName;
    private readonly int _port = FreePort.Next();
    private readonly int _distributionPort = FreePort.Next();
    private readonly int _mapperPort = FreePort.Next();
    private Process? _process;

    public int Port => _port;

    /// <summary>For <c>ConnectionStrings:rabbitmq</c>.</summary>
    public string Address => $"amqp://guest:guest@127.0.0.1:{_port}/";

    public async Task InitializeAsync()
    {
        if (ServerPrograms.RabbitMq is not null)
        {
            WriteConfiguration();
            await StartAsync();
        }
    }

    /// <summary>Starts it, on the data that it had, and waits until it lets us in.</summary>
    public async Task StartAsync()
    {
        var start = new ProcessStartInfo("/bin/sh") { WorkingDirectory = _folder };
        foreach (var argument in (string[])["-c", Script, ServerPrograms.RabbitMq!, Environment.ProcessId.ToString(CultureInfo.InvariantCulture)])
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in Settings())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        var started = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(started) > StartLimit)
            {
                throw new InvalidOperationException($"RabbitMQ did not start.{Environment.NewLine}{await File.ReadAllTextAsync(Path.Combine(_folder, "server.out"))}");
            }

            await Task.Delay(100);
        }
    }

    /// <summary>Ends it like a power cut does.</summary>
    public async Task KillAsync()
    {
        if (_process is { } process)
        {
            _process = null;
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }

    /// <summary>Lets it stand still, with all its connections.</summary>
    public void Pause() => ServerProcess.Signal("STOP", VirtualMachine);

    public void Resume() => ServerProcess.Signal("CONT", VirtualMachine);

    /// <summary>Runs the server's own command line tool.</summary>
    public async Task ControlAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(ServerPrograms.RabbitMq!)!, "rabbitmqctl")) { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in Settings())
        {
            start.Environment[name] = value;
        }

        using var process = Process.Start(start)!;
        var said = await process.StandardOutput.ReadToEndAsync() + await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, said);
    }

    public async Task DisposeAsync()
    {
        await KillAsync();

        // The port mapper is a daemon that leaves the tree; it is known by its port.
        foreach (var mapper in Process.GetProcessesByName("epmd").Where(IsOurs))
        {
            mapper.Kill();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private int VirtualMachine => int.Parse(File.ReadAllText(Path.Combine(_folder, "pid")), CultureInfo.InvariantCulture);

    private bool IsOurs(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/environ").Contains($"ERL_EPMD_PORT={_mapperPort}\0", StringComparison.Ordinal);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false; // It ended while we looked, or is not ours to read.
        }
    }

    private void WriteConfiguration()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "home"));
        File.WriteAllText(Path.Combine(_folder, "plugins"), "[].");
        File.WriteAllText(
            Path.Combine(_folder, "rabbitmq.conf"),
            string.Create(CultureInfo.InvariantCulture, $"""
            listeners.tcp.default = 127.0.0.1:{_port}
            log.console = false
            log.file.level = warning
            vm_memory_high_watermark.absolute = 1GB
            disk_free_limit.absolute = 50MB

            """));
    }

    private Dictionary<string, string> Settings() => new()
    {
        ["HOME"] = Path.Combine(_folder, "home"),
        ["RABBITMQ_NODENAME"] = $"stack-{_port}@localhost",
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(_folder, "log"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "plugins"),
        ["RABBITMQ_FEATURE_FLAGS_FILE"] = Path.Combine(_folder, "feature_flags"),
        ["RABBITMQ_PID_FILE"] = Path.Combine(_folder, "pid"),
        ["RABBITMQ_DIST_PORT"] = _distributionPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_PORT"] = _mapperPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };

    private async Task<bool> IsReadyAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        try
        {
            await RabbitMqProbe.ConnectAsync(Address, limit.Token);
            return true;
        }
        catch (Exception exception) when (exception is not InvalidOperationException)
        {
            return false; // Not yet, whatever it says.
        }
    }
}
