using RabbitMQ.Client;

namespace Stack.Messaging.RabbitMq;

/// <summary>Asks a server whether it lets us in.</summary>
public static class RabbitMqProbe
{
    /// <summary>Returns when the server has opened a channel for us: name, password, virtual host and protocol are right. Throws with the cause when they are not. Leaves nothing behind.</summary>
    /// <param name="address">The server, as <c>amqp://user:password@host:port/vhost</c>.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public static async Task ConnectAsync(string address, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(address), AutomaticRecoveryEnabled = false, ClientProvidedName = "stack probe" };
        await using var connection = await factory.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
    }
}
