using System.Threading.Channels;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Reads deliveries as they come and queues them. How many there are is bounded by the channel's prefetch.</summary>
/// <param name="channel">The channel.</param>
/// <param name="inbox">Where they go.</param>
/// <param name="takesLists">Whether a message may hold many envelopes. Each is queued on its own.</param>
internal sealed class EnvelopeConsumer(IChannel channel, ChannelWriter<Delivery> inbox, bool takesLists = false) : AsyncDefaultBasicConsumer(channel)
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
            var envelopes = takesLists ? EnvelopeMessages.ReadAll(properties, body.Span) : [EnvelopeMessages.Read(properties, body.Span)];
            for (var i = 0; i < envelopes.Count; i++)
            {
                inbox.TryWrite(new Delivery(deliveryTag, envelopes[i], properties, redelivered, null) { HasMore = i < envelopes.Count - 1 });
            }
        }
        catch (Exception exception)
        {
            // Whatever is wrong with it: the client library would drop what is thrown here, and the message would stay open, unread, until a later one is acknowledged together with it.
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
internal readonly record struct Delivery(ulong Tag, Envelope? Envelope, IReadOnlyBasicProperties Properties, bool IsRedelivered, string? Problem)
{
    /// <summary>Whether another envelope of the same message follows. The message can be acknowledged with the last one.</summary>
    public bool HasMore { get; init; }
}
