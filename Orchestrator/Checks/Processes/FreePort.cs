using System.Net;
using System.Net.Sockets;

namespace Stack.Checks.Processes;

/// <summary>Finds ports of the loopback interface that nobody listens on.</summary>
internal static class FreePort
{
    /// <summary>A port that is free now. Another program may take it before it is used: be ready to try again.</summary>
    public static int Next()
    {
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
