using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;
using Microsoft.Extensions.DependencyInjection;
using Stack.Contracts;
using Stack.Messaging.RabbitMq;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>What an operator, or a program that is not ours, does at the broker.</summary>
internal static class RabbitMqTools
{
    public static async Task<T> DoAsync<T>(RabbitMqServer server, Func<IChannel, Task<T>> work)
    {
        var factory = new ConnectionFactory { Uri = new Uri(server.Address), AutomaticRecoveryEnabled = false };
        await using var connection = await factory.CreateConnectionAsync();
        await using var channel = await connection.CreateChannelAsync();
        return await work(channel);
    }

    /// <summary>Registers an agent that takes its tasks from the broker, only that it does not.</summary>
    public static Task PretendAgentAsync(FeedSystem system, int slots = 1) => system.Services.GetRequiredService<ITaskFeed>().RegisterAsync(
        new AgentRegistration { AgentId = new AgentId($"{system.AgentType}-ffffffff"), AgentType = system.AgentType, Version = "1", MaxConcurrency = slots, Capabilities = [RabbitMqNames.Capability] },
        CancellationToken.None);

    public static Task<uint> DepthAsync(RabbitMqServer server, string agentType) => DoAsync(server, async channel =>
    {
        try
        {
            return (await channel.QueueDeclarePassiveAsync(RabbitMqNames.Tasks(agentType))).MessageCount;
        }
        catch (OperationInterruptedException)
        {
            return 0u; // Not made yet.
        }
    });

    public static Task WaitForDepthAsync(RabbitMqServer server, string agentType, int depth) =>
        Eventually.TrueAsync(async () => await DepthAsync(server, agentType) == depth, $"{depth} tasks wait for {agentType}.");

    public static Task<uint> PurgeAsync(RabbitMqServer server, string agentType) => DoAsync(server, channel => channel.QueuePurgeAsync(RabbitMqNames.Tasks(agentType)));

    public static Task<uint> ConsumersAsync(RabbitMqServer server, string queue) => DoAsync(server, async channel =>
    {
        try
        {
            return (await channel.QueueDeclarePassiveAsync(queue)).ConsumerCount;
        }
        catch (OperationInterruptedException)
        {
            return 0u; // Not made yet.
        }
    });

    /// <summary>Waits until results are taken: before that there may be no queue for them.</summary>
    public static Task WaitForResultsAsync(RabbitMqServer server) => Eventually.TrueAsync(async () => await ConsumersAsync(server, RabbitMqNames.Results) > 0, "Results are taken.");

    public static Task<uint> ReadyAsync(RabbitMqServer server, string queue) => DoAsync(server, async channel => (await channel.QueueDeclarePassiveAsync(queue)).MessageCount);

    /// <summary>Publishes the result of an attempt of which nobody knows.</summary>
    public static Task PublishResultAsync(RabbitMqServer server, TaskId task)
    {
        var result = new ResultEnvelope { TaskId = task, AgentId = new AgentId("noop-ffffffff"), Outcome = new StageOutcome.Completed() };
        return PublishAsync(server, RabbitMqNames.Results, task.ToString(), EnvelopeMessages.OfReply(result, replyTo: null).Body);
    }

    public static Task PublishAsync(RabbitMqServer server, string queue, string? messageId, ReadOnlyMemory<byte> body) => DoAsync(server, async channel =>
    {
        var properties = new BasicProperties { DeliveryMode = DeliveryModes.Persistent };
        if (messageId is not null)
        {
            properties.MessageId = messageId;
        }

        await channel.BasicPublishAsync("", queue, mandatory: true, properties, body);
        return true;
    });

    /// <summary>Publishes a task's message with a body that is not its own, into a queue that is made when there is none.</summary>
    public static Task PublishTaskAsync(RabbitMqServer server, string agentType, TaskId task, ReadOnlyMemory<byte> body) => DoAsync(server, async channel =>
    {
        var arguments = new Dictionary<string, object?>
        {
            ["x-queue-type"] = "quorum",
            ["x-delivery-limit"] = 5L,
            ["x-dead-letter-exchange"] = RabbitMqNames.DeadLetterExchange,
            ["x-dead-letter-routing-key"] = RabbitMqNames.TaskKey,
        };
        await channel.QueueDeclareAsync(RabbitMqNames.Tasks(agentType), durable: true, exclusive: false, autoDelete: false, arguments);
        var properties = new BasicProperties { DeliveryMode = DeliveryModes.Persistent, MessageId = task.ToString(), Type = DeadLetterResource.TaskKind };
        await channel.BasicPublishAsync("", RabbitMqNames.Tasks(agentType), mandatory: true, properties, body);
        return true;
    });
}
