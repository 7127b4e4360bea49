using Stack.Contracts;
using Stack.Messaging.InProcess;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Messaging.InProcess;

public sealed class InProcessEventBusTests : EventBusConformance
{
    protected override Task<(IEventBus Here, IEventBus There)> OpenAsync()
    {
        var bus = new InProcessEventBus();
        return Task.FromResult<(IEventBus, IEventBus)>((bus, bus));
    }
}
