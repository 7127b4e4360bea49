using System.Buffers.Binary;
using System.Net.Sockets;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// A session with PostgreSQL that can log in and run single statements: as much of its protocol (version 3) as the host needs to know that a client
/// is served, and to create databases, so that this library needs no driver.
/// </summary>
internal sealed class PostgresSession : IAsyncDisposable
{
    private const int ProtocolVersion = 3 << 16;
    private const int LongestMessage = 1 << 20;
    private const int CleartextPassword = 3;
    private const int Sasl = 10;
    private const int SaslContinue = 11;
    private const int SaslFinal = 12;

    private readonly TcpClient client;
    private readonly NetworkStream stream;

    private PostgresSession(TcpClient client)
    {
        this.client = client;
        stream = client.GetStream();
    }

    internal static async Task<PostgresSession> OpenAsync(string address, int port, string user, string password, string database, CancellationToken cancellationToken)
    {
        var client = new TcpClient { NoDelay = true };
        var isOpen = false;
        try
        {
            await client.ConnectAsync(address, port, cancellationToken);
            var session = new PostgresSession(client);
            await session.LogInAsync(user, password, database, cancellationToken);
            isOpen = true;
            return session;
        }
        finally
        {
            if (!isOpen)
            {
                client.Dispose();
            }
        }
    }

    /// <summary>Runs a statement and returns the first column of the first row; null when there is no row.</summary>
    internal async Task<string?> RunAsync(string statement, CancellationToken cancellationToken)
    {
        await SendAsync((byte)'Q', [.. Encoding.UTF8.GetBytes(statement), 0], cancellationToken);
        string? first = null;
        while (true)
        {
            var (type, body) = await ReadAsync(cancellationToken);
            switch (type)
            {
                case 'D' when first is null:
                    first = FirstColumn(body);
                    break;
                case 'Z':
                    return first;
                case 'E':
                    throw Refusal(body);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await SendAsync((byte)'X', [], CancellationToken.None);
        }
        catch (IOException)
        {
            // The server hung up first.
        }
        client.Dispose();
    }

    private static string? FirstColumn(byte[] row)
    {
        var length = BinaryPrimitives.ReadInt32BigEndian(row.AsSpan(2));
        return length < 0 ? null : Encoding.UTF8.GetString(row, 6, length);
    }

    // Fields are a letter, a text and a zero; M is the message.
    private static ServerRefusedException Refusal(byte[] fields) => new(Encoding.UTF8.GetString(fields).Split('\0')
        .Where(field => field.Length > 1 && field[0] == 'M').Select(field => field[1..]).FirstOrDefault() ?? "it does not say why");

    private async Task LogInAsync(string user, string password, string database, CancellationToken cancellationToken)
    {
        var parameters = Encoding.UTF8.GetBytes($"user\0{user}\0database\0{database}\0application_name\0stack-apphost\0\0");
        var start = new byte[8 + parameters.Length];
        BinaryPrimitives.WriteInt32BigEndian(start, start.Length);
        BinaryPrimitives.WriteInt32BigEndian(start.AsSpan(4), ProtocolVersion);
        parameters.CopyTo(start, 8);
        await stream.WriteAsync(start, cancellationToken);
        var scram = new ScramSha256(password);
        while (true)
        {
            var (type, body) = await ReadAsync(cancellationToken);
            switch (type)
            {
                case 'R':
                    await AuthenticateAsync(body, scram, password, cancellationToken);
                    break;
                case 'Z':
                    return;
                case 'E':
                    throw Refusal(body);
            }
        }
    }

    private async Task AuthenticateAsync(byte[] body, ScramSha256 scram, string password, CancellationToken cancellationToken)
    {
        var text = Encoding.UTF8.GetString(body.AsSpan(4));
        switch (BinaryPrimitives.ReadInt32BigEndian(body))
        {
            case 0:
                return;
            case CleartextPassword:
                await SendAsync((byte)'p', [.. Encoding.UTF8.GetBytes(password), 0], cancellationToken);
                return;
            case Sasl when text.Split('\0').Contains(ScramSha256.Mechanism):
                var first = Encoding.UTF8.GetBytes(scram.First);
                var length = new byte[4];
                BinaryPrimitives.WriteInt32BigEndian(length, first.Length);
                await SendAsync((byte)'p', [.. Encoding.UTF8.GetBytes(ScramSha256.Mechanism), 0, .. length, .. first], cancellationToken);
                return;
            case SaslContinue:
                await SendAsync((byte)'p', Encoding.UTF8.GetBytes(scram.Final(text)), cancellationToken);
                return;
            case SaslFinal:
                scram.Verify(text);
                return;
            case var method:
                throw new ServerRefusedException($"it asks for a kind of password that this host does not speak (method {method}); set password_encryption to scram-sha-256");
        }
    }

    private async Task SendAsync(byte type, byte[] body, CancellationToken cancellationToken)
    {
        var message = new byte[5 + body.Length];
        message[0] = type;
        BinaryPrimitives.WriteInt32BigEndian(message.AsSpan(1), 4 + body.Length);
        body.CopyTo(message, 5);
        await stream.WriteAsync(message, cancellationToken);
    }

    private async Task<(char Type, byte[] Body)> ReadAsync(CancellationToken cancellationToken)
    {
        var head = new byte[5];
        await stream.ReadExactlyAsync(head, cancellationToken);
        var length = BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(1)) - 4;
        if (length is < 0 or > LongestMessage)
        {
            throw new ServerRefusedException("it does not speak PostgreSQL's protocol");
        }
        var body = new byte[length];
        await stream.ReadExactlyAsync(body, cancellationToken);
        return ((char)head[0], body);
    }
}
