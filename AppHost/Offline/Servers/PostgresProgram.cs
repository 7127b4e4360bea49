using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>PostgreSQL: a cluster of its own, made once, with passwords for everybody; it ends by a fast shutdown, and recovers by itself after a crash.</summary>
internal sealed partial class PostgresProgram(ProgramSearch search, ILogger<PostgresProgram> logger) : IServerProgram
{
    internal const int OldestMajor = 15;

    private const string AccountName = "postgres";

    private static readonly string[] Folders =
    [
        "usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "opt/homebrew/opt/postgresql@*/bin", "usr/local/opt/postgresql@*/bin",
        "Applications/Postgres.app/Contents/Versions/*/bin", "usr/local/pgsql/bin",
    ];

    private readonly Lazy<IReadOnlyList<(int Major, string Folder)>> installed = new(() => Installed(search));

    public string Product => "postgresql";

    public string? Account => AccountName;

    public bool IsOptional => false;

    public bool Serves(IResource resource) => resource is PostgresServerResource;

    public (bool IsPossible, string Reason) Assess()
    {
        if (installed.Value.Count == 0)
        {
            return (false, $"PostgreSQL is not installed ({OldestMajor} or later is needed)");
        }
        var (major, folder) = installed.Value[0];
        return major < OldestMajor ? (false, $"PostgreSQL {major} is too old ({OldestMajor} or later is needed)")
            : ServerAccount.IsNeeded && ServerAccount.Find(AccountName) is null ? (false, "PostgreSQL refuses root, and there is no user 'postgres' or 'nobody'")
            : (true, $"PostgreSQL {major} of {folder}");
    }

    public async Task<LaunchCommand> PrepareAsync(ServerStart start, CancellationToken cancellationToken)
    {
        var server = (PostgresServerResource)start.Resource;
        var user = await server.UserNameReference.GetValueAsync(cancellationToken) ?? AccountName;
        var password = await ClientPassword.ReadAsync(server.PasswordParameter, ClientPassword.SurvivesSemicolons, cancellationToken);
        var data = start.PathOf("data");
        if (!File.Exists(VersionFile(data)))
        {
            await InitializeAsync(start, data, user, password, cancellationToken);
        }
        var program = Path.Combine(FolderFor(data), "postgres");
        RemoveStaleLock(start.Resource.Name, data);
        await AdoptPasswordAsync(start, program, data, user, password, cancellationToken);
        return start.Command(program, [.. Settings(data, start.PortOf(PostgresServerResource.PrimaryEndpointName)), .. await ArgumentsOf(server, cancellationToken)], data) with
        {
            StopSignal = StopSignal.Interrupt,
        };
    }

    private static string VersionFile(string data) => Path.Combine(data, "PG_VERSION");

    private static IEnumerable<string> Settings(string data, int port)
    {
        yield return "-D";
        yield return data;
        string[] settings =
        [
            "listen_addresses=127.0.0.1",
            string.Create(CultureInfo.InvariantCulture, $"port={port}"),
            "unix_socket_directories=",
            "fsync=on",
            "full_page_writes=on",
            "password_encryption=scram-sha-256",
            // Several orchestrators and agents, each with a pool.
            "max_connections=200",
            // Its lines go to the host, which stamps them.
            "logging_collector=off",
            "log_destination=stderr",
            "log_line_prefix=",
            "log_checkpoints=off",
            "lc_messages=C",
        ];
        foreach (var setting in settings)
        {
            yield return "-c";
            yield return setting;
        }
    }

    // What WithArgs says is for the server in a container too.
    private static async Task<IReadOnlyList<string>> ArgumentsOf(PostgresServerResource server, CancellationToken cancellationToken) =>
        await EnvironmentEvaluator.EvaluateArgumentsAsync(server, new(DistributedApplicationOperation.Run), Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance, cancellationToken);

    // Beside the place and then moved there, so that one that was cut off is never taken for a cluster.
    private async Task InitializeAsync(ServerStart start, string data, string user, string password, CancellationToken cancellationToken)
    {
        var unfinished = start.PathOf("data.unfinished");
        if (Directory.Exists(unfinished))
        {
            Directory.Delete(unfinished, recursive: true);
        }
        LogInitializing(start.Resource.Name, data);
        var secret = start.Write("initial-password", password + "\n");
        try
        {
            string[] arguments =
            [
                "-D", unfinished, "-U", user, $"--pwfile={secret}", "--auth=scram-sha-256", "--encoding=UTF8",
                OperatingSystem.IsMacOS() ? "--locale=C" : "--locale=C.UTF-8", "--no-instructions",
            ];
            await start.RunAsync(start.Command(Path.Combine(installed.Value[0].Folder, "initdb"), arguments, start.Folder), cancellationToken);
        }
        finally
        {
            File.Delete(secret);
        }
        if (Directory.Exists(data))
        {
            throw new DistributedApplicationException($"{data} is there and is not a PostgreSQL cluster: it has no PG_VERSION. Move it away, or delete it.");
        }
        Directory.Move(unfinished, data);
        start.Write("password.mark", PasswordMark.Make(password));
    }

    // Data are read by the major version that wrote them only.
    private string FolderFor(string data)
    {
        var text = File.ReadAllText(VersionFile(data)).Trim();
        var match = installed.Value.FirstOrDefault(one => one.Major.ToString(CultureInfo.InvariantCulture) == text);
        return match.Folder ?? throw new DistributedApplicationException(
            $"The data in {data} are of PostgreSQL {text}, and installed is {string.Join(", ", installed.Value.Select(one => one.Major).Distinct())}. "
            + $"Install PostgreSQL {text}, or convert the data with pg_upgrade, or delete {data} to begin anew.");
    }

    // The server looks whether the process in its lock file lives, and the system may have given that id to another since. Who serves the folder works in it.
    private void RemoveStaleLock(string name, string data)
    {
        var file = Path.Combine(data, "postmaster.pid");
        if (!ProcessTable.IsSupported || !File.Exists(file) || !int.TryParse(File.ReadLines(file).FirstOrDefault(), CultureInfo.InvariantCulture, out var holder))
        {
            return;
        }
        if (!ProcessTable.IsZombie(holder) && ProcessTable.WorksIn(holder, data))
        {
            throw new TemporarilyUnavailableException($"The data in {data} are served by process {holder} ({ProcessTable.CommandLine(holder)}), which this host did not start. Stop it: kill -INT {holder}");
        }
        LogStaleLock(name, holder);
        File.Delete(file);
    }

    // The password may come from elsewhere now, or the file of the secrets was deleted: the server, alone and without a network, is told the new one.
    private async Task AdoptPasswordAsync(ServerStart start, string program, string data, string user, string password, CancellationToken cancellationToken)
    {
        var mark = start.PathOf("password.mark");
        if (File.Exists(mark) && PasswordMark.IsOf(await File.ReadAllTextAsync(mark, cancellationToken), password))
        {
            return;
        }
        LogPassword(start.Resource.Name, user);
        var statement = $"ALTER ROLE \"{user.Replace("\"", "\"\"", StringComparison.Ordinal)}\" PASSWORD '{password.Replace("'", "''", StringComparison.Ordinal)}';\n";
        // The answers of this mode repeat what was said to it; none of it may reach a log.
        await start.RunAsync(start.Command(program, ["--single", "-D", data, "-c", "log_statement=none", "-c", "log_min_error_statement=panic", "postgres"], data) with { IsQuiet = true }, statement, cancellationToken);
        start.Write("password.mark", PasswordMark.Make(password));
    }

    private static IReadOnlyList<(int Major, string Folder)> Installed(ProgramSearch search) =>
    [
        .. search.FindAll("postgres", Folders).Select(program => Path.GetDirectoryName(program)!).Where(folder => File.Exists(Path.Combine(folder, "initdb")))
            .Select(folder => (Major: MajorOf(Path.Combine(folder, "postgres")), Folder: folder)).Where(one => one.Major > 0).OrderByDescending(one => one.Major),
    ];

    // "postgres (PostgreSQL) 15.18 (Debian ...)"
    private static int MajorOf(string program)
    {
        var start = new ProcessStartInfo(program, "--version") { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        var text = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return Version().Match(text) is { Success: true } match ? int.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) : 0;
    }

    [GeneratedRegex(@"\(PostgreSQL\) (\d+)")]
    private static partial Regex Version();

    [LoggerMessage(Level = LogLevel.Information, Message = "{Server} begins with an empty cluster in {Directory}.")]
    private partial void LogInitializing(string server, string directory);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Server} was not shut down: its lock names process {Process}, which does not serve it. It recovers.")]
    private partial void LogStaleLock(string server, int process);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Server} gets a new password for {User}.")]
    private partial void LogPassword(string server, string user);
}
