using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Finds quorum queues that are there and do not work, and replaces them. A server that is killed within about two seconds of making one (seen on 3.10.8) never elects its leader again:
/// declaring it succeeds, while publishing is never confirmed and consuming never answered, until it is deleted. Nothing that matters is lost with it: tasks are in the store, and results
/// that were in it are made again when their leases expire.
/// </summary>
internal sealed partial class QueueDoctor(RabbitMqOptions options, ILogger<QueueDoctor> logger)
{
    private static readonly TimeSpan DeleteLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan ServerLimit = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan GoodbyeLimit = TimeSpan.FromMilliseconds(500);

    /// <summary>Whether a queue answers a consumer. Asked on a connection of its own: a channel that waits for such a queue takes its connection with it.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="patience">How long to wait. A server that has just started may be slow.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<bool> AnswersAsync(string queue, TimeSpan patience, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(patience, cancellationToken);
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            limit.CancelAfter(patience);
            var channel = await connection.CreateChannelAsync(cancellationToken: limit.Token);
            await channel.BasicQosAsync(0, 1, global: false, limit.Token);
            await channel.BasicConsumeAsync(queue, autoAck: false, new AsyncDefaultBasicConsumer(channel), limit.Token);
            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        finally
        {
            await connection.AbortAsync(GoodbyeLimit);
        }
    }

    /// <summary>Deletes a queue that does not answer.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="patience">How long it has to answer.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <returns>Whether it was deleted and must be made anew.</returns>
    public async Task<bool> RemoveIfDeadAsync(string queue, TimeSpan patience, CancellationToken cancellationToken)
    {
        if (await AnswersAsync(queue, patience, cancellationToken))
        {
            return false;
        }

        // It may have been the server that stood still, and such a queue must live. So it is asked again, by a server that answers.
        var other = await ConnectAsync(ServerLimit, cancellationToken);
        await other.AbortAsync(GoodbyeLimit);
        if (await AnswersAsync(queue, patience, cancellationToken))
        {
            return false;
        }

        LogDead(queue, patience);
        var connection = await ConnectAsync(DeleteLimit, cancellationToken);
        try
        {
            var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
            await channel.QueueDeleteAsync(queue, ifUnused: false, ifEmpty: false, cancellationToken: cancellationToken);
            return true;
        }
        finally
        {
            await connection.AbortAsync(GoodbyeLimit);
        }
    }

    private Task<IConnection> ConnectAsync(TimeSpan callLimit, CancellationToken cancellationToken)
    {
        var factory = new ConnectionFactory { Uri = new Uri(options.Address), AutomaticRecoveryEnabled = false, ContinuationTimeout = callLimit, HandshakeContinuationTimeout = callLimit, RequestedConnectionTimeout = callLimit, ClientProvidedName = "stack queue probe" };
        return factory.CreateConnectionAsync(cancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} did not answer within {Patience}; it is deleted and made anew")]
    private partial void LogDead(string queue, TimeSpan patience);
}
