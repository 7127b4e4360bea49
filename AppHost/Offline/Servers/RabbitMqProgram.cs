using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>
/// RabbitMQ: a node with a name, a cookie, a port mapper and folders of its own, all of it on the loopback address. One user with all permissions,
/// told to it at every start; nobody else is known to it.
/// </summary>
internal sealed partial class RabbitMqProgram(ProgramSearch search) : IServerProgram
{
    // The scripts of the server itself; what packages put on the PATH changes the user, the folder and the environment.
    private static readonly string[] ScriptFolders =
        ["usr/lib/rabbitmq/bin", "usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin", "opt/rabbitmq/sbin", "opt/homebrew/opt/rabbitmq/sbin", "usr/local/opt/rabbitmq/sbin"];

    private static readonly string[] ErlangFolders = ["usr/lib/erlang/bin", "usr/lib64/erlang/bin", "opt/homebrew/bin", "usr/local/bin"];

    private static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string Product => "rabbitmq";

    public string? Account => "rabbitmq";

    public bool IsOptional => false;

    public bool Serves(IResource resource) => resource is RabbitMQServerResource;

    public (bool IsPossible, string Reason) Assess() =>
        FindScript() is not { } script ? (false, "rabbitmq-server is not installed")
        : search.Find("erl", ErlangFolders) is null ? (false, "Erlang, which RabbitMQ runs on, is not installed")
        : (true, VersionOf(script) is { } version ? $"RabbitMQ {version}" : script);

    public async Task<LaunchCommand> PrepareAsync(ServerStart start, CancellationToken cancellationToken)
    {
        var server = (RabbitMQServerResource)start.Resource;
        var user = await server.UserNameReference.GetValueAsync(cancellationToken) ?? "guest";
        var password = await server.PasswordParameter.GetValueAsync(cancellationToken) ?? "";
        var home = start.MakeFolder("home");
        if (!File.Exists(start.PathOf("home/.erlang.cookie")))
        {
            start.Write("home/.erlang.cookie", RandomNumberGenerator.GetHexString(40), UnixFileMode.UserRead);
        }
        if (!File.Exists(start.PathOf("node")))
        {
            // In a file, because the data of a node are found by its name: they may move to another folder, and the name with them.
            start.Write("node", $"stack-{RandomNumberGenerator.GetHexString(8, lowercase: true)}@localhost");
        }
        var hasManagement = server.ManagementEndpoint.Exists;
        start.Write("enabled_plugins", hasManagement ? "[rabbitmq_management].\n" : "[].\n");
        start.Write("definitions.json", Definitions(user, password));
        start.Write("rabbitmq.conf", Configuration(start, hasManagement));
        return start.Command(FindScript()!, [], home, [.. Settings(start, home)]);
    }

    /// <summary>The user and what it may, as the server's own export would say it. A password is kept as salt and hash.</summary>
    internal static string Definitions(string user, string password)
    {
        var salt = RandomNumberGenerator.GetBytes(4);
        var hash = Convert.ToBase64String([.. salt, .. SHA256.HashData([.. salt, .. Encoding.UTF8.GetBytes(password)])]);
        return JsonSerializer.Serialize(
            new
            {
                Users = new[] { new { Name = user, PasswordHash = hash, HashingAlgorithm = "rabbit_password_hashing_sha256", Tags = "administrator" } },
                Vhosts = new[] { new { Name = "/" } },
                Permissions = new[] { new { User = user, Vhost = "/", Configure = ".*", Write = ".*", Read = ".*" } },
            },
            Json);
    }

    private static string Configuration(ServerStart start, bool hasManagement)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            listeners.tcp.1 = 127.0.0.1:{start.PortOf(RabbitMQServerResource.PrimaryEndpointName)}
            load_definitions = {start.PathOf("definitions.json")}
            log.console = true
            log.console.level = warning
            log.file = false
            vm_memory_high_watermark.relative = 0.25
            disk_free_limit.absolute = 200MB
            raft.wal_max_size_bytes = 67108864

            """));
        if (hasManagement)
        {
            text.Append(CultureInfo.InvariantCulture, $"management.tcp.ip = 127.0.0.1\nmanagement.tcp.port = {start.PortOf(RabbitMQServerResource.ManagementEndpointName)}\n");
        }
        return text.ToString();
    }

    private IEnumerable<(string Name, string Value)> Settings(ServerStart start, string home)
    {
        var erlang = Path.GetDirectoryName(search.Find("erl", ErlangFolders))!;
        yield return ("PATH", $"{erlang}:{Environment.GetEnvironmentVariable("PATH")}");
        yield return ("HOME", home);
        yield return ("LANG", "C.UTF-8");
        yield return ("RABBITMQ_NODENAME", File.ReadAllText(start.PathOf("node")).Trim());
        yield return ("RABBITMQ_CONF_ENV_FILE", start.PathOf("none.conf"));
        yield return ("RABBITMQ_CONFIG_FILE", start.PathOf("rabbitmq.conf"));
        yield return ("RABBITMQ_ADVANCED_CONFIG_FILE", start.PathOf("none.config"));
        yield return ("RABBITMQ_ENABLED_PLUGINS_FILE", start.PathOf("enabled_plugins"));
        yield return ("RABBITMQ_MNESIA_BASE", start.PathOf("data"));
        yield return ("RABBITMQ_LOG_BASE", start.PathOf("log"));
        yield return ("RABBITMQ_GENERATED_CONFIG_DIR", start.PathOf("config"));
        yield return ("RABBITMQ_DIST_PORT", start.OwnPort("distribution").ToString(CultureInfo.InvariantCulture));
        yield return ("ERL_EPMD_PORT", start.OwnPort("epmd").ToString(CultureInfo.InvariantCulture));
        yield return ("ERL_EPMD_ADDRESS", "127.0.0.1");
        // A crash is told by its log lines; the dump would take seconds and a gigabyte.
        yield return ("ERL_CRASH_DUMP_SECONDS", "0");
        // Small tables and few threads, none of which spins while it waits: this is one node among many processes of one machine.
        yield return ("ERL_MAX_PORTS", "16384");
        yield return ("RABBITMQ_MAX_NUMBER_OF_PROCESSES", "262144");
        yield return ("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +SDcpu 2:2 +sbwt none +sbwtdcpu none +sbwtdio none");
        // The script then becomes the server in place of waiting for it, so that signals reach the server itself.
        yield return ("detached", "1");
    }

    private string? FindScript() => search.FindIn("rabbitmq-server", ScriptFolders).FirstOrDefault() ?? search.Find("rabbitmq-server", "opt/homebrew/sbin", "usr/local/sbin");

    private static string? VersionOf(string script) =>
        Version().Match(new FileInfo(script).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? script) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"rabbitmq_server-([0-9.]+)")]
    private static partial Regex Version();
}
