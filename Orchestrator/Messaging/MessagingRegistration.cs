using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Stack.Contracts;
using Stack.Messaging.RabbitMq;
using Stack.Messaging.Redis;

namespace Stack.Messaging;

/// <summary>The one switch of each side: how tasks and results travel, by what the service was given.</summary>
public static class MessagingRegistration
{
    /// <summary>
    /// The orchestrator's side. With <c>ConnectionStrings:rabbitmq</c> tasks and results travel through RabbitMQ, and agents that do not know it may still use the HTTP feed; without it they
    /// all do. Call it after the engine was added: what stops last must be what others hand their work to.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <returns>How tasks reach agents: <c>rabbitmq</c> or <c>http</c>.</returns>
    public static string AddMessaging(this IHostApplicationBuilder builder)
    {
        if (RabbitMq(builder.Configuration) is not { } options)
        {
            builder.Services.AddSingleton<IDeadLetters, NoDeadLetters>();
            return "http";
        }

        builder.Services.AddRabbitMqDispatch(options);
        return RabbitMqNames.Capability;
    }

    /// <summary>
    /// Who knows the agents: with <c>ConnectionStrings:redis</c> all orchestrators together, and with it come the live views that operators look at; without it each knows its own.
    /// </summary>
    /// <param name="builder">The host.</param>
    /// <param name="own">Makes the registry of the agents that talk to this orchestrator.</param>
    /// <param name="heartbeatInterval">How often agents give signs of life.</param>
    /// <returns>Where live views are: <c>redis</c> or <c>memory</c>.</returns>
    public static string AddLiveViews(this IHostApplicationBuilder builder, Func<IServiceProvider, IAgentRegistry> own, Func<IServiceProvider, TimeSpan> heartbeatInterval)
    {
        if (builder.Configuration.GetConnectionString("redis") is not { Length: > 0 } address)
        {
            builder.Services.AddSingleton(own);
            return "memory";
        }

        builder.Services.AddRedisViews(
            provider =>
            {
                var options = new RedisOptions();
                builder.Configuration.GetSection(RedisOptions.Section).Bind(options);
                (options.Address, options.HeartbeatInterval) = (address, heartbeatInterval(provider));
                return options;
            },
            own);
        return "redis";
    }

    /// <summary>An agent's side: the feed as it is, or with RabbitMQ before it when <c>ConnectionStrings:rabbitmq</c> is there.</summary>
    /// <typeparam name="TFeed">The feed over HTTP, which is registered.</typeparam>
    /// <param name="builder">The host.</param>
    public static IHostApplicationBuilder AddTaskFeed<TFeed>(this IHostApplicationBuilder builder)
        where TFeed : class, ITaskFeed
    {
        if (RabbitMq(builder.Configuration) is not { } options)
        {
            builder.Services.AddSingleton<ITaskFeed>(provider => provider.GetRequiredService<TFeed>());
            return builder;
        }

        builder.Services.AddSingleton(provider => RabbitMqRegistration.CreateFeed(provider, provider.GetRequiredService<TFeed>(), options));
        builder.Services.AddSingleton<ITaskFeed>(provider => provider.GetRequiredService<RabbitMqTaskFeed>());
        builder.Services.AddHealthChecks().AddCheck<TaskFeedHealth>("rabbitmq", tags: ["ready"]);
        return builder;
    }

    private static RabbitMqOptions? RabbitMq(IConfiguration configuration)
    {
        if (configuration.GetConnectionString("rabbitmq") is not { Length: > 0 } address)
        {
            return null;
        }

        var options = new RabbitMqOptions();
        configuration.GetSection(RabbitMqOptions.Section).Bind(options);
        options.Address = address;
        return options;
    }
}
