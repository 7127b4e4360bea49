using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Stack.Checks.Processes;
using StackExchange.Redis;

namespace Stack.Tests.Servers;

/// <summary>The tests that share one Redis. They run one after the other, since some of them stop it.</summary>
[CollectionDefinition(Name)]
public sealed class RedisTests : ICollectionFixture<RedisServer>
{
    public const string Name = "redis";
}

/// <summary>A real Redis on a port of its own, with a password, that keeps nothing on disk. It ends with the process of the tests.</summary>
public sealed class RedisServer : IAsyncLifetime
{
    private const string Password = "secret";
    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(20);
    private readonly int _port = FreePort.Next();
    private Process? _process;
    private int _database;

    /// <summary>For <c>ConnectionStrings:redis</c>.</summary>
    public string Address => $"127.0.0.1:{_port},password={Password}";

    /// <summary>An address with a database that no other test has.</summary>
    public string OwnAddress() => $"{Address},defaultDatabase={Interlocked.Increment(ref _database)}";

    public async Task InitializeAsync()
    {
        if (ServerPrograms.Redis is not null)
        {
            await StartAsync();
        }
    }

    public async Task StartAsync()
    {
        string[] arguments = ["--port", _port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--requirepass", Password, "--save", "", "--appendonly", "no", "--databases", "200", "--loglevel", "warning"];
        _process = ServerProcess.Start(ServerPrograms.Redis!, arguments);
        var started = Stopwatch.GetTimestamp();
        while (!await IsReadyAsync())
        {
            if (_process.HasExited || Stopwatch.GetElapsedTime(started) > StartLimit)
            {
                throw new InvalidOperationException($"Redis did not start on port {_port}.");
            }

            await Task.Delay(50);
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
    public void Pause() => ServerProcess.Signal("STOP", _process!.Id);

    public void Resume() => ServerProcess.Signal("CONT", _process!.Id);

    /// <summary>A connection of an operator.</summary>
    public static async Task<ConnectionMultiplexer> ConnectAsync(string address) => await ConnectionMultiplexer.ConnectAsync(address);

    public Task DisposeAsync() => KillAsync();

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, _port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
