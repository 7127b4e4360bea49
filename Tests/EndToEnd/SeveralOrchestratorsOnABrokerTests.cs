using Stack.Tests.Servers;

namespace Stack.Tests.EndToEnd;

/// <summary>The same with tasks and results on RabbitMQ and live views in Redis: the results that the killed one had in flight are taken by the others.</summary>
[NeedsServer("rabbitmq-server")]
[NeedsServer("redis-server")]
[Collection(EndToEndCollection.Name)]
public sealed class SeveralOrchestratorsOnABrokerTests(RabbitMqServer broker, RedisServer views) : SeveralOrchestratorsTests, IClassFixture<RabbitMqServer>, IClassFixture<RedisServer>
{
    protected override IReadOnlyDictionary<string, string> Servers { get; } = new Dictionary<string, string>
    {
        ["ConnectionStrings__rabbitmq"] = broker.Address,
        ["ConnectionStrings__redis"] = views.Address,
    };
}
