using Aspire.Hosting.Offline;
using Stack.Tests.AppHost.Offline.Containers;

namespace Stack.Tests.Servers;

/// <summary>Where the real servers are that tests start. Null: not installed, and the tests that need it are skipped with the command that installs it.</summary>
internal static class ServerPrograms
{
    /// <summary>RabbitMQ's own script: Debian's, on the PATH, changes the user.</summary>
    public static string? RabbitMq { get; } = Find("/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server") ?? OnPath("rabbitmq-server");

    public static string? Redis { get; } = OnPath("redis-server");

    /// <summary>PostgreSQL, the newest that is there: Debian keeps it beside the PATH.</summary>
    public static string? Postgres { get; } = Find([.. PostgresFolders().Select(folder => Path.Combine(folder, "postgres"))]) ?? OnPath("postgres");

    /// <summary>Whether a server is there.</summary>
    /// <param name="package">Its Debian package.</param>
    public static bool Has(string package) => package switch
    {
        "postgresql" => Postgres is not null,
        "rabbitmq-server" => RabbitMq is not null,
        "redis-server" => Redis is not null,
        // A small disk to fill can be mounted.
        "mount" => OnPath("mount") is not null && Environment.IsPrivilegedProcess,
        // As root, and with what its images are made with.
        "podman" => OnPath("podman") is not null && OnPath("mmdebstrap") is not null && OnPath("runc") is not null && PodmanFixture.Script is not null && Environment.IsPrivilegedProcess,
        "chromium" => global::Stack.Agents.E2e.BrowserProber.FindChromium() is not null,
        _ => throw new ArgumentOutOfRangeException(nameof(package), package, "No test starts this server."),
    };

    public static string? OnPath(string program) => ProgramSearch.OfThisMachine().Find(program, "usr/sbin", "usr/local/sbin");

    private static IEnumerable<string> PostgresFolders() => !Directory.Exists("/usr/lib/postgresql") ? [] :
        from folder in Directory.GetDirectories("/usr/lib/postgresql")
        orderby int.TryParse(Path.GetFileName(folder), out var version) ? version : 0 descending
        select Path.Combine(folder, "bin");

    private static string? Find(params string[] paths) => OperatingSystem.IsWindows() ? null : paths.FirstOrDefault(File.Exists);
}
