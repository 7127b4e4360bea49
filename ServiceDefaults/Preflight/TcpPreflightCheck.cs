using System.Net.Sockets;

namespace Stack.ServiceDefaults.Preflight;

/// <summary>Passes when a TCP connection can be opened.</summary>
internal sealed class TcpPreflightCheck(string name, string host, int port, string remedy) : IPreflightCheck
{
    public string Name => name;

    public string Remedy => remedy;

    public async Task CheckAsync(CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(host, port, cancellationToken);
        }
        catch (SocketException failure)
        {
            throw new IOException($"cannot connect to {host}:{port}: {failure.Message}", failure);
        }
    }
}
