using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Stack.Tests.Servers;

/// <summary>A piece of wire between a client and a server that a test can cut.</summary>
internal sealed class TcpCutter : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<Socket, byte> _ends = new();
    private readonly CancellationTokenSource _life = new();
    private readonly int _serverPort;
    private readonly Task _accepting;

    public TcpCutter(int serverPort)
    {
        _serverPort = serverPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Cuts every connection. New ones can be made.</summary>
    public void Cut()
    {
        foreach (var end in _ends.Keys)
        {
            end.Close(0);
            _ends.TryRemove(end, out _);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _life.CancelAsync();
        _listener.Stop();
        Cut();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _life.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_life.IsCancellationRequested)
        {
            var client = await _listener.AcceptSocketAsync(_life.Token);
            _ = PassAsync(client);
        }
    }

    private async Task PassAsync(Socket client)
    {
        var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _ends[client] = _ends[server] = 0;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _serverPort);
            client.NoDelay = true;
            await using var up = new NetworkStream(client);
            await using var down = new NetworkStream(server);
            await Task.WhenAny(up.CopyToAsync(down, _life.Token), down.CopyToAsync(up, _life.Token));
        }
        catch (Exception exception) when (exception is SocketException or IOException or ObjectDisposedException or OperationCanceledException)
        {
            // Cut, or the server is away.
        }
        finally
        {
            client.Close(0);
            server.Close(0);
            _ends.TryRemove(client, out _);
            _ends.TryRemove(server, out _);
        }
    }
}
