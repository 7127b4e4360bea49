using Microsoft.Extensions.Options;
using Stack.Engine;
using Stack.Messaging;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Orchestrator.Hosting;

/// <summary>The one place that chooses adapters, by what the service was given.</summary>
internal static class Adapters
{
    public static void AddAdapters(this WebApplicationBuilder builder)
    {
        if (builder.Configuration.GetConnectionString(PostgresStoreOptions.ConnectionName) is { Length: > 0 })
        {
            builder.AddPostgresStore();
            builder.Services.AddSingleton(new StoreChoice("postgres"));
        }
        else
        {
            builder.AddSqliteStore();
            builder.Services.AddSingleton(new StoreChoice("sqlite"));
        }

        AddLiveViews(builder);
    }

    // Also which agents there are, and that others committed events.
    private static void AddLiveViews(WebApplicationBuilder builder)
    {
        var views = builder.AddLiveViews(services => new InMemoryAgentRegistry(services.GetRequiredService<TimeProvider>(), HeartbeatInterval(services)), HeartbeatInterval);
        if (views == "redis")
        {
            builder.Services.AddEventRelay();
        }

        static TimeSpan HeartbeatInterval(IServiceProvider services) => services.GetRequiredService<IOptions<EngineOptions>>().Value.HeartbeatInterval;
    }

    /// <summary>How tasks reach agents. After the engine: what stops last must be what others hand their work to.</summary>
    public static void AddTransport(this WebApplicationBuilder builder) => builder.Services.AddSingleton(new TransportChoice(builder.AddMessaging()));
}

/// <summary>Which transport was chosen.</summary>
/// <param name="Name">http or rabbitmq.</param>
internal sealed record TransportChoice(string Name);

/// <summary>Which store was chosen.</summary>
/// <param name="Name">sqlite or postgres.</param>
internal sealed record StoreChoice(string Name);
