using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Stack.Contracts;
using Stack.Engine;
using Stack.Messaging.RabbitMq;
using Stack.Tests.Conformance.Feeds;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Messaging.RabbitMq;

/// <summary>An engine and agents with a broker between them.</summary>
internal static class RabbitMqSystem
{
    /// <summary>Starts it.</summary>
    /// <param name="server">The broker.</param>
    /// <param name="store">The store. Null: a new one.</param>
    /// <param name="change">Changes the settings of both sides.</param>
    /// <param name="wrap">Puts something between an agent's feed and the engine. Null: nothing.</param>
    /// <param name="add">Adds to the engine's host. Null: nothing.</param>
    public static Task<FeedSystem> StartAsync(RabbitMqServer server, IWorkflowStore? store = null, Action<RabbitMqOptions>? change = null, Func<ITaskFeed, ITaskFeed>? wrap = null, Action<IServiceCollection>? add = null)
    {
        var options = Options(server, change);
        return FeedSystem.StartAsync(
            FeedSystem.EngineHost(
                store,
                services =>
                {
                    services.AddRabbitMqDispatch(options);
                    add?.Invoke(services);
                }),
            services => Feed(services, options, wrap));
    }

    public static RabbitMqOptions Options(RabbitMqServer server, Action<RabbitMqOptions>? change = null)
    {
        var options = new RabbitMqOptions { Address = server.Address };
        change?.Invoke(options);
        return options;
    }

    private static RabbitMqTaskFeed Feed(IServiceProvider services, RabbitMqOptions options, Func<ITaskFeed, ITaskFeed>? wrap)
    {
        var engine = services.GetRequiredService<ITaskFeed>();
        return new RabbitMqTaskFeed(wrap?.Invoke(engine) ?? engine, options, TimeProvider.System, new Random(), services.GetRequiredService<ILoggerFactory>());
    }
}
