using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text.Json;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The ports of servers: chosen once, kept in <c>ports.json</c> of the data directory, and the same in every run while they are free. They are
/// chosen below those that the system gives to outgoing connections, so that none of these takes the port of a server that is just restarting.
/// </summary>
internal sealed class KeptPorts(StateDirectory data)
{
    private const int Lowest = 20_000;
    private const int BeyondHighest = 32_000;

    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true };

    private readonly Lock gate = new();

    private string FilePath => Path.Combine(data.Path, "ports.json");

    /// <summary>The port kept under the key, or another one when somebody has it.</summary>
    internal int Take(string key)
    {
        lock (gate)
        {
            var ports = Read();
            if (!ports.TryGetValue(key, out var port) || !IsFree(port))
            {
                port = ports[key] = Choose([.. ports.Values]);
                File.WriteAllText(FilePath, JsonSerializer.Serialize(ports, Json));
            }
            return port;
        }
    }

    /// <summary>A free port that is none of the others.</summary>
    internal static int Choose(HashSet<int> others)
    {
        for (var attempt = 0; attempt < 1_000; attempt++)
        {
            var port = RandomNumberGenerator.GetInt32(Lowest, BeyondHighest);
            if (!others.Contains(port) && IsFree(port))
            {
                return port;
            }
        }
        throw new DistributedApplicationException($"No port from {Lowest} to {BeyondHighest - 1} is free. Stop what listens there.");
    }

    private static bool IsFree(int port)
    {
        if (port is < 1 or > IPEndPoint.MaxPort || PortOwner.IsTaken(port))
        {
            return false;
        }
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private SortedDictionary<string, int> Read()
    {
        try
        {
            return File.Exists(FilePath) ? JsonSerializer.Deserialize<SortedDictionary<string, int>>(File.ReadAllText(FilePath)) ?? [] : [];
        }
        catch (JsonException)
        {
            // A run that was cut off while writing; other ports do as well.
            return [];
        }
    }
}
