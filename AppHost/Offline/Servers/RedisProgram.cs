using System.Globalization;
using System.Text;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Redis, or Valkey, which is compatible: every write is appended to a file, and the file reaches the disk every second.</summary>
internal sealed class RedisProgram(ProgramSearch search) : IServerProgram
{
    private static readonly string[] Folders = ["usr/bin", "usr/sbin", "usr/local/bin", "opt/homebrew/bin"];

    public string Product => "redis";

    public string? Account => "redis";

    public bool IsOptional => false;

    public bool Serves(IResource resource) => resource is RedisResource;

    public (bool IsPossible, string Reason) Assess() => Find() is { } program ? (true, program) : (false, "redis-server is not installed");

    public async Task<LaunchCommand> PrepareAsync(ServerStart start, CancellationToken cancellationToken)
    {
        var redis = (RedisResource)start.Resource;
        var password = redis.PasswordParameter is { } parameter ? await ClientPassword.ReadAsync(parameter, ClientPassword.SurvivesCommas, cancellationToken) : null;
        var data = start.MakeFolder("data");
        var configuration = start.Write("redis.conf", Configuration(start.PortOf(RedisResource.PrimaryEndpointName), data, password));
        return start.Command(Find()!, [configuration], data);
    }

    private static string Configuration(int port, string data, string? password)
    {
        var text = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"""
            bind 127.0.0.1
            port {port}
            protected-mode yes
            daemonize no
            dir {Quote(data)}
            appendonly yes
            appendfsync everysec
            save ""
            loglevel warning

            """));
        if (!string.IsNullOrEmpty(password))
        {
            text.Append(CultureInfo.InvariantCulture, $"requirepass {Quote(password)}\n");
        }
        return text.ToString();
    }

    private static string Quote(string text) => $"\"{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\"";

    private string? Find() => search.Find("redis-server", Folders) ?? search.Find("valkey-server", Folders);
}
