using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>Asks a Redis server for a PONG, with the password.</summary>
internal static class RedisSession
{
    internal static async Task PingAsync(string address, int port, string? password, CancellationToken cancellationToken)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address, port, cancellationToken);
        var stream = client.GetStream();
        using var reader = new StreamReader(stream, Encoding.UTF8);
        if (!string.IsNullOrEmpty(password))
        {
            await AskAsync(stream, reader, "+OK", cancellationToken, "AUTH", password);
        }
        await AskAsync(stream, reader, "+PONG", cancellationToken, "PING");
    }

    private static async Task AskAsync(NetworkStream stream, StreamReader reader, string expected, CancellationToken cancellationToken, params string[] words)
    {
        var request = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{words.Length}\r\n");
        foreach (var word in words)
        {
            request.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        }
        await stream.WriteAsync(Encoding.UTF8.GetBytes(request.ToString()), cancellationToken);
        var answer = await reader.ReadLineAsync(cancellationToken) ?? throw new IOException("The server hung up.");
        if (answer != expected)
        {
            throw new ServerRefusedException(answer.TrimStart('-'));
        }
    }
}
