using System.Text.Json;
using System.Threading.Channels;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Reads deliveries as they come and queues them. How many there are is bounded by the channel's prefetch.</summary>
/// <param name="channel">The channel.</param>
/// <param name="inbox">Where they go.</param>
internal sealed class EnvelopeConsumer(IChannel channel, ChannelWriter<Delivery> inbox) : AsyncDefaultBasicConsumer(channel)
{
    public override Task HandleBasicDeliverAsync(
        string consumerTag,
        ulong deliveryTag,
        bool redelivered,
        string exchange,
        string routingKey,
        IReadOnlyBasicProperties properties,
        ReadOnlyMemory<byte> body,
        CancellationToken cancellationToken = default)
    {
        // The body is the client library's after this method; so it is read here.
        try
        {
            inbox.TryWrite(new Delivery(deliveryTag, EnvelopeMessages.Read(properties, body.Span), properties, redelivered, null));
        }
        catch (JsonException exception)
        {
            inbox.TryWrite(new Delivery(deliveryTag, null, properties, redelivered, exception.Message));
        }

        return Task.CompletedTask;
    }

    // The queue was deleted under us: the session ends, and the next one makes it again.
    public override Task HandleBasicCancelAsync(string consumerTag, CancellationToken cancellationToken = default)
    {
        inbox.TryComplete(new BrokerUnavailableException($"The server ended the consumer {consumerTag}: its queue was deleted."));
        return Task.CompletedTask;
    }

    public override Task HandleChannelShutdownAsync(object channel, RabbitMQ.Client.Events.ShutdownEventArgs reason)
    {
        inbox.TryComplete(new BrokerUnavailableException($"The channel was closed: {reason.ReplyText}"));
        return Task.CompletedTask;
    }
}

/// <summary>A message as it came.</summary>
/// <param name="Tag">Its number on the channel.</param>
/// <param name="Envelope">What it carries. Null: it cannot be read.</param>
/// <param name="Properties">Its properties.</param>
/// <param name="IsRedelivered">Whether it was delivered before, to anyone.</param>
/// <param name="Problem">Why it cannot be read. Null: it can.</param>
internal readonly record struct Delivery(ulong Tag, Envelope? Envelope, IReadOnlyBasicProperties Properties, bool IsRedelivered, string? Problem);
