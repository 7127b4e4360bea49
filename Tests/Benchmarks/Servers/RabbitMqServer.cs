using System.Globalization;
using System.Security.Cryptography;
using RabbitMQ.Client;

namespace Stack.Benchmarks.Servers;

/// <summary>A RabbitMQ of the benchmark's own, which does not burn the processor while it waits: two cores have other work.</summary>
internal sealed class RabbitMqServer : IDisposable
{
    private readonly string _password = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
    private readonly int _port = ServerProcess.FreePort();
    private readonly int _mapperPort = ServerProcess.FreePort();
    private readonly string _folder;
    private readonly ServerProcess _process;

    private RabbitMqServer(string folder)
    {
        _folder = Directory.CreateDirectory(Path.Combine(folder, "rabbitmq")).FullName;
        Configure();
        var program = ServerProcess.Find("rabbitmq-server", "/usr/lib/rabbitmq/bin/rabbitmq-server", "/opt/rabbitmq/sbin/rabbitmq-server");

        // The port mapper would become a daemon that nobody ends; so it is there before the server looks for it.
        _process = ServerProcess.Start(Path.Combine(folder, "rabbitmq.log"), Settings(), "sh", "-c", $"epmd & exec {program}");
    }

    public int ProcessId => _process.Id;

    public string ConnectionString => string.Create(CultureInfo.InvariantCulture, $"amqp://stack:{_password}@127.0.0.1:{_port}");

    public static async Task<RabbitMqServer> StartAsync(string folder)
    {
        var server = new RabbitMqServer(folder);
        try
        {
            await server._process.WaitAsync(async () =>
            {
                await using var connection = await new ConnectionFactory { Uri = new Uri(server.ConnectionString) }.CreateConnectionAsync();
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

    private void Configure()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "home"));
        File.WriteAllText(Path.Combine(_folder, "plugins"), "[].");
        File.WriteAllText(
            Path.Combine(_folder, "rabbitmq.conf"),
            string.Create(CultureInfo.InvariantCulture, $"""
            listeners.tcp.default = 127.0.0.1:{_port}
            default_user = stack
            default_pass = {_password}
            log.console = false
            log.file.level = warning
            vm_memory_high_watermark.absolute = 1GB
            disk_free_limit.absolute = 50MB

            """));
    }

    private Dictionary<string, string> Settings() => new()
    {
        ["HOME"] = Path.Combine(_folder, "home"),
        ["RABBITMQ_NODENAME"] = string.Create(CultureInfo.InvariantCulture, $"stack-{_port}@localhost"),
        ["RABBITMQ_MNESIA_BASE"] = Path.Combine(_folder, "mnesia"),
        ["RABBITMQ_LOG_BASE"] = Path.Combine(_folder, "log"),
        ["RABBITMQ_CONFIG_FILE"] = Path.Combine(_folder, "rabbitmq.conf"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = Path.Combine(_folder, "plugins"),
        ["RABBITMQ_FEATURE_FLAGS_FILE"] = Path.Combine(_folder, "feature_flags"),
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "+sbwt none +sbwtdcpu none +sbwtdio none",
        ["RABBITMQ_DIST_PORT"] = ServerProcess.FreePort().ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_PORT"] = _mapperPort.ToString(CultureInfo.InvariantCulture),
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
    };
}
