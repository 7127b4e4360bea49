using Stack.Tests.Conformance;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>The feed through a real broker, on both sides.</summary>
[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
public sealed class RabbitMqFeedConformanceTests(RabbitMqServer server) : TaskFeedConformance
{
    protected override Task<FeedSystem> OpenAsync() => RabbitMqSystem.StartAsync(server);
}
