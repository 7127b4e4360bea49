using RabbitMQ.Client;

namespace Stack.Messaging.RabbitMq;

/// <summary>
/// Publishes batches and says when the server has them for sure. All batches share one channel; a batch does not wait for the one before it. When the connection or the channel is lost,
/// every batch that was not confirmed fails: its messages may have arrived or not, and the caller publishes them again. Thread-safe.
/// </summary>
internal sealed class ConfirmedPublisher(RabbitMqLink link, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ConfirmPatience = TimeSpan.FromSeconds(5);
    private static readonly CreateChannelOptions Confirming = new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false);

    private readonly SemaphoreSlim _gate = new(1, 1);
    private IChannel? _channel;
    private ConfirmLedger? _confirms;
    private volatile bool _unroutable;

    /// <summary>Publishes messages, in order. On return the server has them on its disk, if they are persistent and their queues durable.</summary>
    /// <exception cref="BrokerUnavailableException">It cannot be said whether the server has them all.</exception>
    public async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
        {
            return;
        }

        await await SendAsync(messages, cancellationToken);
        MessagingTelemetry.WasPublished(messages.Count);
    }

    /// <summary>Hands messages to the connection, in order.</summary>
    /// <returns>Ends when the server has them.</returns>
    public async Task<Task> SendAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        await _gate.WaitAsync(cancellationToken);
        try
        {
            var (channel, confirms) = await OpenAsync(cancellationToken);
            for (var i = 0; i < messages.Count; i++)
            {
                await PublishOneAsync(channel, messages[i]);
            }

            return WaitAsync(confirms, confirms.Sent(messages.Count));
        }
        catch (Exception exception) when (BrokerFailures.IsTransient(exception, cancellationToken) && exception is not BrokerUnavailableException)
        {
            await DropAsync();
            throw new BrokerUnavailableException($"RabbitMQ did not take {messages.Count} messages. {BrokerFailures.CauseOf(exception)}", exception);
        }
        finally
        {
            _gate.Release();
        }
    }

    // The gate is for whoever still publishes, and hears that the channel is lost: it holds nothing that must be given back.
    public async ValueTask DisposeAsync() => await DropAsync();

    // A server that hangs, or a queue that lost its process, confirms nothing and says nothing.
    private async Task WaitAsync(ConfirmLedger confirms, Task confirmed)
    {
        try
        {
            await confirmed.WaitAsync(ConfirmPatience, time);
        }
        catch (TimeoutException)
        {
            await confirms.Break($"The server did not confirm within {ConfirmPatience.TotalSeconds:0} s.", isSilence: true);
            await confirmed;
        }
    }

    private static async ValueTask PublishOneAsync(IChannel channel, OutgoingMessage message)
    {
        using var activity = message.Envelope is { } envelope ? MessagingTelemetry.StartPublish(message.Properties.Type!, envelope) : null;

        // Never in the middle: a message is given to the connection whole or not at all.
        // A cancel that no agent is there to hear is no loss; anything else without a queue is.
        var mandatory = message.Exchange != RabbitMqNames.CancelExchange;
        await channel.BasicPublishAsync(message.Exchange, message.RoutingKey, mandatory, message.Properties, message.Body, CancellationToken.None);
    }

    private async ValueTask<(IChannel Channel, ConfirmLedger Confirms)> OpenAsync(CancellationToken cancellationToken)
    {
        if (_channel is { IsOpen: true } open && _confirms is { IsBroken: false } confirms)
        {
            return (open, confirms);
        }

        await DropAsync();
        var connection = await link.ConnectedWithinAsync(ConnectPatience, cancellationToken);
        if (_unroutable)
        {
            await link.DeclareSharedAsync(connection, cancellationToken);
            _unroutable = false;
        }

        var channel = await connection.CreateChannelAsync(Confirming, cancellationToken);
        var ledger = new ConfirmLedger();
        channel.BasicAcksAsync += (_, ack) => ledger.Confirmed(ack.DeliveryTag, ack.Multiple);
        channel.BasicNacksAsync += (_, nack) => ledger.Break($"The server refused messages up to number {nack.DeliveryTag}.");
        channel.BasicReturnAsync += (_, returned) =>
        {
            _unroutable = true;
            return ledger.Break($"There is no queue for '{returned.RoutingKey}' ({returned.ReplyText}): it was deleted, and is made again.");
        };
        channel.ChannelShutdownAsync += (_, reason) =>
        {
            if (reason.ReplyCode == Constants.NotFound)
            {
                // An exchange was deleted.
                _unroutable = true;
            }

            return ledger.Break($"The connection was lost before the server confirmed: {reason.ReplyText}");
        };
        (_channel, _confirms) = (channel, ledger);
        return (channel, ledger);
    }

    private async Task DropAsync()
    {
        var (channel, confirms) = (_channel, _confirms);
        (_channel, _confirms) = (null, null);
        if (confirms is not null)
        {
            await confirms.Break("The channel was given up.");
        }

        if (channel is not null)
        {
            try
            {
                await channel.DisposeAsync();
            }
            catch (Exception exception) when (BrokerFailures.IsTransient(exception, CancellationToken.None))
            {
                // It was lost already.
            }
        }
    }
}
