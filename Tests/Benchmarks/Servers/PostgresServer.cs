using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Npgsql;

namespace Stack.Benchmarks.Servers;

/// <summary>A PostgreSQL of the benchmark's own: every commit on the disk, passwords asked for, memory as one would give it.</summary>
internal sealed class PostgresServer : IDisposable
{
    private const string Account = "postgres";
    private readonly string _password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private readonly int _port = ServerProcess.FreePort();
    private readonly string _folder;
    private readonly ServerProcess _process;

    private PostgresServer(string folder)
    {
        _folder = Directory.CreateDirectory(Path.Combine(folder, "postgres")).FullName;
        Initialize();
        _process = ServerProcess.Start(Path.Combine(folder, "postgres.log"), new Dictionary<string, string>(), [.. AsAccount, Program("postgres"), "-D", DataDirectory]);
    }

    public int ProcessId => _process.Id;

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={_port};Username=stack;Password={_password};Database=stackdb");

    private string DataDirectory => Path.Combine(_folder, "data");

    public static async Task<PostgresServer> StartAsync(string folder)
    {
        var server = new PostgresServer(folder);
        try
        {
            var administration = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = "postgres", Pooling = false }.ConnectionString;
            await server._process.WaitAsync(async () =>
            {
                await using var connection = new NpgsqlConnection(administration);
                await connection.OpenAsync();
                await using var create = new NpgsqlCommand("CREATE DATABASE stackdb", connection);
                await create.ExecuteNonQueryAsync();
            });
            return server;
        }
        catch
        {
            server.Dispose();
            throw;
        }
    }

    public void Dispose() => _process.Dispose();

    // The server refuses to run as root.
    private static string[] AsAccount => Environment.IsPrivilegedProcess ? ["setpriv", "--reuid", Account, "--regid", Account, "--clear-groups"] : [];

    private static string Program(string name) =>
        ServerProcess.Find("postgresql-15", [.. Enumerable.Range(15, 5).Reverse().Select(version => $"/usr/lib/postgresql/{version}/bin/{name}")]);

    private void Initialize()
    {
        var passwordFile = Path.Combine(_folder, "password");
        File.WriteAllText(passwordFile, _password);
        Run("chmod", "-R", "a+rx", Path.GetDirectoryName(_folder)!);
        if (Environment.IsPrivilegedProcess)
        {
            Run("chown", "-R", Account, _folder);
        }

        var command = (string[])[.. AsAccount, Program("initdb"), "-D", DataDirectory, "-U", "stack", "-A", "scram-sha-256", "--pwfile", passwordFile, "-E", "UTF8", "--locale=C"];
        Run(command[0], command[1..]);
        File.AppendAllText(
            Path.Combine(DataDirectory, "postgresql.conf"),
            string.Create(CultureInfo.InvariantCulture, $"""

            listen_addresses = '127.0.0.1'
            port = {_port}
            unix_socket_directories = ''
            shared_buffers = 256MB
            max_wal_size = 2GB
            fsync = on
            synchronous_commit = on
            full_page_writes = on
            jit = off

            """));
    }

    private static void Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{program} ended with {process.ExitCode}. {output}");
        }
    }
}
