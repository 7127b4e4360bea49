using System.Threading.Channels;
using RabbitMQ.Client;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Hears the cancels that go to all agents and keeps those for attempts under way here until the agent asks.</summary>
internal sealed class CancelSubscription(HeldTasks held, TaskSubscription tasks, RabbitMqLink link)
{
    private readonly Channel<CancelEnvelope> _heard = Channel.CreateUnbounded<CancelEnvelope>();

    /// <summary>Ends when there is a cancel to take.</summary>
    public Task HeardAsync(CancellationToken cancellationToken) => _heard.Reader.WaitToReadAsync(cancellationToken).AsTask();

    /// <summary>Takes what was heard.</summary>
    public IReadOnlyList<CancelEnvelope> Take()
    {
        var taken = new List<CancelEnvelope>();
        while (_heard.Reader.TryRead(out var cancel))
        {
            taken.Add(cancel);
        }

        return taken;
    }

    /// <summary>Listens until it is told to stop.</summary>
    public Task RunAsync(AgentId self, CancellationToken cancellationToken) =>
        link.RunSessionsAsync((connection, token) => RunSessionAsync(connection, self, token), cancellationToken);

    private async Task RunSessionAsync(IConnection connection, AgentId self, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        var queue = await channel.QueueDeclareAsync("", durable: false, exclusive: true, autoDelete: true, cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue.QueueName, RabbitMqNames.CancelExchange, "", cancellationToken: cancellationToken);
        var inbox = Channel.CreateUnbounded<Delivery>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        await channel.BasicConsumeAsync(queue.QueueName, autoAck: true, new EnvelopeConsumer(channel, inbox.Writer), cancellationToken);
        await foreach (var delivery in inbox.Reader.ReadAllAsync(cancellationToken))
        {
            if (delivery.Envelope is CancelEnvelope cancel && DeathReason.Text(delivery.Properties.Headers, RabbitMqNames.AgentHeader) is var only && (only is null || only == self.Value))
            {
                await HearAsync(cancel);
            }
        }
    }

    private async Task HearAsync(CancelEnvelope cancel)
    {
        var (running, dropped) = held.Cancel(cancel.TaskId);
        if (running is not null)
        {
            _heard.Writer.TryWrite(cancel);
        }

        if (dropped is not null)
        {
            await tasks.SettleAsync([dropped]);
        }
    }
}
