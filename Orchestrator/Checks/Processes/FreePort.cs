using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Stack.Checks.Processes;

/// <summary>Finds ports of the loopback interface that nobody listens on.</summary>
internal static class FreePort
{
    // Below the ports that systems give to outgoing connections, which take one at any moment.
    private const int Lowest = 10_240;
    private const int BeyondHighest = 32_768;
    private const int MaxTries = 100;

    /// <summary>A port that is free now. Another program may take it before it is used: be ready to try again.</summary>
    public static int Next()
    {
        for (var tries = 0; tries < MaxTries; tries++)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, BeyondHighest);
            if (IsFree(port))
            {
                return port;
            }
        }

        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Whether nobody listens on a port.</summary>
    /// <param name="port">The port.</param>
    public static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
