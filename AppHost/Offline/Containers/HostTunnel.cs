using System.Net;
using System.Net.Sockets;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Lets containers reach a service that listens on this machine's loopback address only: takes connections on the address the machine has in the
/// containers' network, and passes on what is said in both directions.
/// </summary>
internal sealed class HostTunnel : IDisposable
{
    private const int FreeBind = 15;

    private readonly Socket listener;
    private readonly int port;
    private readonly CancellationTokenSource ending = new();

    private HostTunnel(Socket listener, int port) => (this.listener, this.port) = (listener, port);

    /// <summary>Opens a tunnel; null when the address or the port on it cannot be had, as where the runtime is a virtual machine.</summary>
    internal static HostTunnel? TryOpen(IPAddress address, int port)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // The address comes with the first container of the network.
                listener.SetRawSocketOption(0, FreeBind, BitConverter.GetBytes(1));
            }
            listener.Bind(new IPEndPoint(address, port));
            listener.Listen();
        }
        catch (SocketException)
        {
            listener.Dispose();
            return null;
        }
        var tunnel = new HostTunnel(listener, port);
        _ = tunnel.AcceptAsync(tunnel.ending.Token);
        return tunnel;
    }

    public void Dispose()
    {
        ending.Cancel();
        listener.Dispose();
        ending.Dispose();
    }

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        try
        {
            while (true)
            {
                var client = await listener.AcceptAsync(cancellationToken);
                _ = PassAsync(client, cancellationToken);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The tunnel is closed.
        }
    }

    private async Task PassAsync(Socket client, CancellationToken cancellationToken)
    {
        using var service = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await service.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                await Task.WhenAll(CopyAsync(client, service, cancellationToken), CopyAsync(service, client, cancellationToken));
            }
            catch (Exception ended) when (ended is OperationCanceledException or SocketException or IOException or ObjectDisposedException)
            {
                // Either side went away; closing both tells the other.
            }
        }
    }

    private static async Task CopyAsync(Socket from, Socket to, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReceiveAsync(buffer, cancellationToken) is > 0 and var length)
        {
            for (var sent = 0; sent < length;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, length - sent), cancellationToken);
            }
        }
        to.Shutdown(SocketShutdown.Send);
    }
}
