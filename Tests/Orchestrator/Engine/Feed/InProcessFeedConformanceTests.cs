using Microsoft.Extensions.DependencyInjection;
using Stack.Contracts;
using Stack.Tests.Conformance;
using Stack.Tests.Conformance.Feeds;

namespace Stack.Tests.Orchestrator.Engine.Feed;

/// <summary>The engine's own feed, in its process.</summary>
public sealed class InProcessFeedConformanceTests : TaskFeedConformance
{
    protected override Task<FeedSystem> OpenAsync() => FeedSystem.StartAsync(FeedSystem.EngineHost(), services => services.GetRequiredService<ITaskFeed>());
}
