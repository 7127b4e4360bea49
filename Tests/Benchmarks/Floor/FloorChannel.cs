using RabbitMQ.Client;

namespace Stack.Benchmarks.Floor;

/// <summary>A connection that publishes with confirms to one queue and consumes from another.</summary>
internal sealed class FloorChannel : IAsyncDisposable
{
    private static readonly BasicProperties Persistent = new() { DeliveryMode = DeliveryModes.Persistent, ContentType = "application/json" };
    private readonly IConnection _connection;
    private readonly string _target;
    private long _published;
    private long _confirmed;

    private FloorChannel(IConnection connection, IChannel publisher, IChannel consumer, string target) =>
        (_connection, Publisher, Consumer, _target) = (connection, publisher, consumer, target);

    public IChannel Publisher { get; }

    public IChannel Consumer { get; }

    /// <summary>How many messages the server has not confirmed yet.</summary>
    public long Unconfirmed => Interlocked.Read(ref _published) - Interlocked.Read(ref _confirmed);

    public static async Task<FloorChannel> OpenAsync(string address, string target, string queueType)
    {
        var connection = await new ConnectionFactory { Uri = new Uri(address) }.CreateConnectionAsync();
        var publisher = await connection.CreateChannelAsync(new CreateChannelOptions(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: false));
        var consumer = await connection.CreateChannelAsync();
        await publisher.QueueDeclareAsync(target, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?> { ["x-queue-type"] = queueType });
        var channel = new FloorChannel(connection, publisher, consumer, target);
        publisher.BasicAcksAsync += (_, confirm) =>
        {
            channel._confirmed = confirm.Multiple ? (long)confirm.DeliveryTag : channel._confirmed + 1;
            return Task.CompletedTask;
        };
        return channel;
    }

    public ValueTask PublishAsync(byte[] message)
    {
        Interlocked.Increment(ref _published);
        return Publisher.BasicPublishAsync("", _target, mandatory: true, Persistent, message);
    }

    public async Task ConsumeAsync(string queue, ushort prefetch, Func<ulong, ReadOnlyMemory<byte>, ValueTask> receive)
    {
        await Consumer.BasicQosAsync(0, prefetch, global: false);
        await Consumer.BasicConsumeAsync(queue, autoAck: false, new Receiver(Consumer, receive));
    }

    public async ValueTask DisposeAsync() => await _connection.DisposeAsync();

    private sealed class Receiver(IChannel channel, Func<ulong, ReadOnlyMemory<byte>, ValueTask> receive) : AsyncDefaultBasicConsumer(channel)
    {
        public override async Task HandleBasicDeliverAsync(
            string consumerTag, ulong deliveryTag, bool redelivered, string exchange, string routingKey, IReadOnlyBasicProperties properties, ReadOnlyMemory<byte> body, CancellationToken cancellationToken = default) =>
            await receive(deliveryTag, body);
    }
}
