using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Makes the exchanges and queues. Idempotent; done again with every connection, so that a server that lost its disk works again.</summary>
internal sealed partial class RabbitMqTopology(RabbitMqOptions options, ILogger<RabbitMqTopology> logger)
{
    private static readonly TimeSpan AbandonedQueue = TimeSpan.FromHours(1);
    private readonly AsyncGate _declaring = new();

    /// <summary>What both sides share.</summary>
    public async Task DeclareSharedAsync(IConnection connection, CancellationToken cancellationToken)
    {
        await using (var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken))
        {
            await channel.ExchangeDeclareAsync(RabbitMqNames.DeadLetterExchange, ExchangeType.Direct, durable: true, autoDelete: false, cancellationToken: cancellationToken);
            await channel.ExchangeDeclareAsync(RabbitMqNames.CancelExchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
            await channel.ExchangeDeclareAsync(RabbitMqNames.AnyResultExchange, ExchangeType.Fanout, durable: true, autoDelete: false, cancellationToken: cancellationToken);
            await channel.ExchangeDeclareAsync(
                RabbitMqNames.ResultExchange,
                ExchangeType.Direct,
                durable: true,
                autoDelete: false,
                new Dictionary<string, object?> { ["alternate-exchange"] = RabbitMqNames.AnyResultExchange },
                cancellationToken: cancellationToken);
        }

        // A classic queue: people read it by taking and putting back, which a quorum queue counts as failed deliveries.
        await DeclareAsync(connection, RabbitMqNames.DeadLetters, new Dictionary<string, object?> { ["x-max-length"] = (long)options.DeadLetterCapacity }, cancellationToken);
        await DeclareAsync(connection, RabbitMqNames.Suspects, Quorum(deliveryLimit: 1000, RabbitMqNames.PoisonKey), cancellationToken);
        await DeclareAsync(connection, RabbitMqNames.Results, Quorum(deliveryLimit: 1000, RabbitMqNames.ResultKey), cancellationToken);
        await using var binding = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await binding.QueueBindAsync(RabbitMqNames.DeadLetters, RabbitMqNames.DeadLetterExchange, RabbitMqNames.PoisonKey, cancellationToken: cancellationToken);
        await binding.QueueBindAsync(RabbitMqNames.DeadLetters, RabbitMqNames.DeadLetterExchange, RabbitMqNames.ResultKey, cancellationToken: cancellationToken);
        await binding.QueueBindAsync(RabbitMqNames.Suspects, RabbitMqNames.DeadLetterExchange, RabbitMqNames.TaskKey, cancellationToken: cancellationToken);
        await binding.QueueBindAsync(RabbitMqNames.Results, RabbitMqNames.AnyResultExchange, "", cancellationToken: cancellationToken);
    }

    /// <summary>
    /// The queue of an agent type's tasks. Only orchestrators make it, and each makes one at a time: a quorum queue that two clients declare at once is there for the second one before it
    /// works (seen on 3.10: the server closes the connection of whoever consumes from it then). Agents find it when they have registered.
    /// </summary>
    public async Task DeclareTasksAsync(IConnection connection, string agentType, CancellationToken cancellationToken)
    {
        using (await _declaring.EnterAsync(cancellationToken))
        {
            await DeclareAsync(connection, RabbitMqNames.Tasks(agentType), Quorum(options.DeliveryLimit, RabbitMqNames.TaskKey), cancellationToken);
        }
    }

    /// <summary>
    /// The queue of one orchestrator's results. What nobody takes out of it in time moves to the queue that all orchestrators read, and the move is safe against crashes
    /// (dead-lettering at least once); an orchestrator that never comes back leaves nothing behind.
    /// </summary>
    public async Task DeclareResultsOfAsync(IConnection connection, string instance, CancellationToken cancellationToken)
    {
        var queue = RabbitMqNames.ResultsOf(instance);
        var arguments = Quorum(deliveryLimit: 1000);
        arguments["x-message-ttl"] = (long)options.ResultPatience.TotalMilliseconds;
        arguments["x-expires"] = (long)AbandonedQueue.TotalMilliseconds;
        arguments["x-dead-letter-exchange"] = RabbitMqNames.AnyResultExchange;
        arguments["x-dead-letter-strategy"] = "at-least-once";
        arguments["x-overflow"] = "reject-publish";
        await DeclareAsync(connection, queue, arguments, cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        await channel.QueueBindAsync(queue, RabbitMqNames.ResultExchange, queue, cancellationToken: cancellationToken);
    }

    private static Dictionary<string, object?> Quorum(int deliveryLimit, string? deadLetterKey = null)
    {
        // Version 4 of the server has a limit of its own, so each queue says its own.
        var arguments = new Dictionary<string, object?> { ["x-queue-type"] = "quorum", ["x-delivery-limit"] = (long)deliveryLimit };
        if (deadLetterKey is not null)
        {
            arguments["x-dead-letter-exchange"] = RabbitMqNames.DeadLetterExchange;
            arguments["x-dead-letter-routing-key"] = deadLetterKey;
        }

        return arguments;
    }

    // A refused declaration closes its channel, so each queue has one of its own.
    private async Task DeclareAsync(IConnection connection, string queue, Dictionary<string, object?> arguments, CancellationToken cancellationToken)
    {
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        try
        {
            await channel.QueueDeclareAsync(queue, durable: true, exclusive: false, autoDelete: false, arguments, cancellationToken: cancellationToken);
        }
        catch (OperationInterruptedException exception) when (exception.ShutdownReason?.ReplyCode == Constants.PreconditionFailed)
        {
            LogDifferent(queue, exception.ShutdownReason.ReplyText);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The queue {Queue} exists with other settings and is used as it is. To have it made anew, delete it while it is empty. {Reason}")]
    private partial void LogDifferent(string queue, string reason);
}
