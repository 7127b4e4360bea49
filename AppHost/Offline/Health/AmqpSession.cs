using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Opens an AMQP 0-9-1 connection, virtual host included, and closes it: the handshake that shows that a client with these credentials is
/// served, and no more of the protocol, so that this library needs no driver.
/// </summary>
internal static class AmqpSession
{
    private const int LongestFrame = 1 << 17;
    private const byte FrameEnd = 0xCE;
    private const ushort Connection = 10;

    internal static async Task HandshakeAsync(string address, int port, string user, string password, CancellationToken cancellationToken)
    {
        using var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address, port, cancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync("AMQP\0\0\u0009\u0001"u8.ToArray(), cancellationToken);
        await ExpectAsync(stream, Method.Start, cancellationToken);
        await SendAsync(stream, Method.StartOk, [.. Capabilities(), .. ShortText("PLAIN"), .. LongText($"\0{user}\0{password}"), .. ShortText("en_US")], cancellationToken);
        var tune = await ExpectAsync(stream, Method.Tune, cancellationToken);
        // As the server would have it, and no heartbeat: this connection ends at once.
        await SendAsync(stream, Method.TuneOk, [.. tune.AsSpan(0, 6), 0, 0], cancellationToken);
        await SendAsync(stream, Method.Open, [.. ShortText("/"), 0, 0], cancellationToken);
        await ExpectAsync(stream, Method.OpenOk, cancellationToken);
        await SendAsync(stream, Method.Close, [0, 200, 0, 0, 0, 0, 0], cancellationToken);
        await ExpectAsync(stream, Method.CloseOk, cancellationToken);
    }

    // A wrong password is then answered with a reason, not with silence.
    private static byte[] Capabilities()
    {
        byte[] inner = [.. ShortText("authentication_failure_close"), (byte)'t', 1];
        return Table([.. ShortText("capabilities"), (byte)'F', .. Table(inner)]);
    }

    private static byte[] Table(byte[] fields) => [.. Number(fields.Length), .. fields];

    private static byte[] ShortText(string text) => [(byte)Encoding.UTF8.GetByteCount(text), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] LongText(string text) => [.. Number(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)];

    private static byte[] Number(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }

    private static async Task SendAsync(NetworkStream stream, Method method, byte[] arguments, CancellationToken cancellationToken) => await stream.WriteAsync(
        new byte[] { 1, 0, 0 }.Concat(Number(4 + arguments.Length)).Concat(new byte[] { 0, (byte)Connection, 0, (byte)method }).Concat(arguments).Append(FrameEnd).ToArray(), cancellationToken);

    private static async Task<byte[]> ExpectAsync(NetworkStream stream, Method expected, CancellationToken cancellationToken)
    {
        var head = new byte[7];
        await stream.ReadExactlyAsync(head, cancellationToken);
        var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(3));
        if (head[0] != 1 || length is < 4 or > LongestFrame)
        {
            throw new ServerRefusedException("it does not speak AMQP 0-9-1");
        }
        var body = new byte[length + 1];
        await stream.ReadExactlyAsync(body, cancellationToken);
        var (group, method) = (BinaryPrimitives.ReadUInt16BigEndian(body), (Method)BinaryPrimitives.ReadUInt16BigEndian(body.AsSpan(2)));
        if (group == Connection && method == expected)
        {
            return body[4..^1];
        }
        throw new ServerRefusedException(method == Method.Close ? Encoding.UTF8.GetString(body.AsSpan(7, body[6])) : $"it answers with method {group}.{(int)method} in place of {expected}");
    }

    private enum Method
    {
        Start = 10,
        StartOk = 11,
        Tune = 30,
        TuneOk = 31,
        Open = 40,
        OpenOk = 41,
        Close = 50,
        CloseOk = 51,
    }
}
