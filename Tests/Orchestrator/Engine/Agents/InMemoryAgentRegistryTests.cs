using Stack.Contracts;
using Stack.Engine;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Engine.Agents;

public sealed class InMemoryAgentRegistryTests : AgentRegistryConformance
{
    protected override Task<IAgentRegistry> OpenAsync() => Task.FromResult<IAgentRegistry>(new InMemoryAgentRegistry(Time, HeartbeatInterval));
}
