using System.Net.Sockets;
using System.Runtime.Versioning;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Offline;
using Stack.Tests.Servers;

namespace Stack.Tests.AppHost.Offline.Servers;

[UnsupportedOSPlatform("windows")]
[NeedsServer("redis-server")]
public sealed class RedisProgramTests : ServerProgramSuite
{
    private protected override void Describe(IDistributedApplicationBuilder builder, bool hasVolume)
    {
        var server = builder.AddRedis(Name);
        if (hasVolume)
        {
            server.WithDataVolume();
        }
    }

    private protected override async Task WriteAsync(TestApplication application, string value)
    {
        Assert.Equal("+OK", (await SayAsync(application, null, $"SET kept {value}"))[0]);
        // Appended at once, on the disk within a second; who kills the process, not the machine, finds it.
        Assert.Equal("appendonly", (await SayAsync(application, null, "CONFIG GET appendonly"))[2]);
    }

    private protected override async Task<string?> ReadAsync(TestApplication application, string? password = null) =>
        await SayAsync(application, password, "GET kept") is [not "$-1", var value, ..] ? value : null;

    private static async Task<IReadOnlyList<string>> SayAsync(TestApplication application, string? password, string command)
    {
        var server = (RedisResource)application.Builder.Resources.Single(one => one.Name == Name);
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", PortOf(application));
        await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n" };
        using var reader = new StreamReader(client.GetStream());
        await writer.WriteLineAsync($"AUTH \"{password ?? await PasswordOf(application, server.PasswordParameter!)}\"\r\n{command}\r\nQUIT");
        await writer.FlushAsync();
        if (await reader.ReadLineAsync() is not "+OK" and var refusal)
        {
            throw new ServerRefusedException(refusal ?? "");
        }
        return (await reader.ReadToEndAsync()).Split("\r\n");
    }
}
