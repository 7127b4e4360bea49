using System.Diagnostics;
using System.Globalization;
using Npgsql;
using Stack.Checks.Processes;

namespace Stack.Tests.Servers;

/// <summary>
/// A real PostgreSQL in a folder of its own, on a port of its own. Its keeper, a shell, ends it and removes the folder when this process lets go of the keeper's input: also when it dies.
/// </summary>
internal sealed class PostgresServer : IAsyncDisposable
{
    public const string Password = "p@ss;word'";

    private const string User = "stack";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(90);
    private static readonly Lazy<Task<PostgresServer>> Shared = new(() => StartAsync("fsync=off", "full_page_writes=off"));

    private readonly string _folder = Directory.CreateTempSubdirectory("stack-postgres-").FullName;
    private readonly string[] _settings;
    private Process? _keeper;

    private PostgresServer(string[] settings) => _settings = settings;

    public int Port { get; } = FreePort.Next();

    /// <summary>The server that tests share which leave it as it is. It ends with the test run.</summary>
    public static Task<PostgresServer> SharedAsync() => Shared.Value;

    /// <summary>Makes and starts a server for one test.</summary>
    /// <param name="settings">Settings of the server, as NAME=VALUE.</param>
    public static async Task<PostgresServer> StartAsync(params string[] settings)
    {
        var server = new PostgresServer(settings);
        await server.InitializeAsync();
        await server.StartAsync();
        return server;
    }

    /// <summary>For <c>ConnectionStrings:stackdb</c>.</summary>
    /// <param name="database">The database.</param>
    /// <param name="port">Another port that leads here. Null: the server's own.</param>
    public string Address(string database, int? port = null) =>
        new NpgsqlConnectionStringBuilder { Host = "127.0.0.1", Port = port ?? Port, Username = User, Password = Password, Database = database }.ConnectionString;

    /// <summary>Starts it on the data that it has, and waits until it lets us in.</summary>
    public async Task StartAsync()
    {
        var program = $"trap '' INT; \"$@\" > {_folder}/server.out 2>&1 & pid=$!; echo $pid; cat > /dev/null; kill -QUIT $pid; wait $pid; rm -rf {_folder}";
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true, RedirectStandardOutput = true };
        string[] server = ["-D", Data, "-p", $"{Port}", "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=200", "-c", "shared_buffers=128MB"];
        foreach (var argument in (string[])["-c", program, "keeper", .. Unprivileged, ServerPrograms.Postgres!, .. server, .. _settings.SelectMany(setting => new[] { "-c", setting })])
        {
            start.ArgumentList.Add(argument);
        }

        _keeper = Process.Start(start)!;
        ProcessId = int.Parse((await _keeper.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        var started = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync())
        {
            if (Stopwatch.GetElapsedTime(started) > StartLimit)
            {
                throw new InvalidOperationException($"PostgreSQL did not start.{Environment.NewLine}{await File.ReadAllTextAsync(Path.Combine(_folder, "server.out"))}");
            }

            await Task.Delay(50);
        }
    }

    /// <summary>The server's first process.</summary>
    public int ProcessId { get; private set; }

    /// <summary>Ends it as an administrator does who does not wait for clients.</summary>
    public Task StopAsync() => EndAsync("INT");

    /// <summary>Ends it like a power cut does.</summary>
    public Task KillAsync() => EndAsync("KILL");

    /// <summary>Halts all its processes: connections stay, and nothing answers.</summary>
    public void Pause() => Signal("STOP", [ProcessId, .. Children()]);

    /// <summary>Lets them go on.</summary>
    public void Resume() => Signal("CONT", [ProcessId, .. Children()]);

    public async ValueTask DisposeAsync()
    {
        if (_keeper is { } keeper)
        {
            _keeper = null;
            keeper.StandardInput.Close();
            await keeper.WaitForExitAsync();
            keeper.Dispose();
        }

        if (Directory.Exists(_folder))
        {
            Directory.Delete(_folder, recursive: true);
        }
    }

    private string Data => Path.Combine(_folder, "data");

    // PostgreSQL refuses to run as root.
    private static string[] Unprivileged => Environment.UserName == "root" ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : [];

    private async Task InitializeAsync()
    {
        var secret = Path.Combine(_folder, "password");
        await File.WriteAllTextAsync(secret, Password);
        if (Environment.UserName == "root")
        {
            await RunAsync("chown", "-R", "postgres", _folder);
        }

        var initdb = Path.Combine(Path.GetDirectoryName(ServerPrograms.Postgres!)!, "initdb");
        string[] command = [.. Unprivileged, initdb, "-D", Data, "-U", User, "--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"];
        await RunAsync(command[0], command[1..]);
    }

    private async Task EndAsync(string signal)
    {
        var keeper = _keeper!;
        _keeper = null;
        var all = Children();
        Signal(signal, [ProcessId]);
        while (all.Append(ProcessId).Any(process => Directory.Exists($"/proc/{process}") && !IsZombie(process)))
        {
            await Task.Delay(20);
        }

        // The keeper would remove the folder.
        keeper.Kill();
        await keeper.WaitForExitAsync();
        keeper.Dispose();
    }

    private static bool IsZombie(int process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process}/stat").Contains(") Z ", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return true;
        }
    }

    private List<int> Children() => [.. File.ReadAllText($"/proc/{ProcessId}/task/{ProcessId}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    private static void Signal(string signal, IEnumerable<int> processes)
    {
        using var kill = Process.Start("kill", ["-" + signal, .. processes.Select(process => process.ToString(CultureInfo.InvariantCulture))]);
        kill.WaitForExit();
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            await using var connection = new NpgsqlConnection(Address("postgres") + ";Pooling=false;Timeout=3");
            await connection.OpenAsync();
            return true;
        }
        catch (NpgsqlException)
        {
            return false; // Not yet.
        }
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} failed: {await output}{await error}");
        }
    }
}
