using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

[Collection(RabbitMqTests.Name)]
[NeedsServer("rabbitmq-server")]
public sealed class RabbitMqTaskFeedTests(RabbitMqServer server)
{
    [ServerFact]
    public async Task Heartbeat_SoonAfterTheLast_LeavesWhatTheAgentHasJustBegunWithTheBroker()
    {
        await using var system = await RabbitMqSystem.StartAsync(server);
        var agent = await system.ConnectAsync();
        await system.SubmitAsync(FeedSystem.Stage("one"));
        await agent.TakeAsync();

        // Heartbeats do not name the youngest attempts, and follow each other at once while there is something to stop.
        await agent.HeartbeatAsync(waitMs: 0);
        await agent.HeartbeatAsync(waitMs: 0);
        await agent.DisposeAsync();
        await RabbitMqTools.WaitForDepthAsync(server, system.AgentType, 1);
    }
}
