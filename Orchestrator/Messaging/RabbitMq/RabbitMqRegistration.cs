using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Messaging.RabbitMq;

/// <summary>Puts the orchestrator's side of the broker into a host.</summary>
internal static class RabbitMqRegistration
{
    /// <summary>Adds what publishes tasks and takes results. The host also needs an <see cref="ITaskFeed"/>, an <see cref="ITaskDispatch"/> and an <see cref="IAgentRegistry"/>.</summary>
    public static void AddRabbitMqDispatch(this IServiceCollection services, RabbitMqOptions options)
    {
        Check(options);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => SeededRandom());
        services.AddSingleton(options);
        services.AddSingleton<RabbitMqTopology>();
        services.AddSingleton<RabbitMqConnections>();
        services.AddSingleton<RabbitMqInstance>();
        services.AddSingleton<QueueDoctor>();
        services.AddSingleton(provider => new ConfirmedPublisher(provider.GetRequiredService<RabbitMqConnections>().Publishing, provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton(provider => provider.GetRequiredService<RabbitMqConnections>().Consuming);
        services.AddSingleton<DispatchLedger>();
        services.AddSingleton<IDispatchListener>(provider => provider.GetRequiredService<DispatchLedger>());
        services.AddSingleton<DispatchLane.Tools>();
        services.AddSingleton<ReplyIntake>();
        services.AddSingleton<CancelBroadcast>();
        services.AddSingleton<RabbitMqDispatcher>();
        services.AddSingleton<SuspectJudge>();
        services.AddSingleton<IDeadLetters, RabbitMqDeadLetters>();
        services.AddHostedService(provider => provider.GetRequiredService<CancelBroadcast>());
        services.AddHostedService<RabbitMqResults>();
        services.AddHostedService(provider => provider.GetRequiredService<SuspectJudge>());
        services.AddHostedService(provider => provider.GetRequiredService<RabbitMqDispatcher>());
        services.AddHealthChecks().AddCheck<RabbitMqHealth>("rabbitmq", HealthStatus.Degraded, ["ready"]);
    }

    /// <summary>Puts a broker between an agent and its feed.</summary>
    /// <param name="provider">The host's services.</param>
    /// <param name="inner">The feed for everything that wants an answer.</param>
    /// <param name="options">The broker.</param>
    public static RabbitMqTaskFeed CreateFeed(IServiceProvider provider, ITaskFeed inner, RabbitMqOptions options)
    {
        Check(options);
        return new RabbitMqTaskFeed(
            inner, options, provider.GetRequiredService<TimeProvider>(), provider.GetService<Random>() ?? SeededRandom(), provider.GetRequiredService<ILoggerFactory>());
    }

    private static void Check(RabbitMqOptions options)
    {
        if (options.Validate() is { Count: > 0 } problems)
        {
            throw new OptionsValidationException(nameof(RabbitMqOptions), typeof(RabbitMqOptions), problems);
        }
    }

    // Spreads pauses and names an instance; nothing that must be hard to guess.
    private static Random SeededRandom() => new(Environment.ProcessId ^ Environment.TickCount);
}

/// <summary>The orchestrator's two connections: a server that is short of memory stops reading from those that publish, and the other one must go on acknowledging.</summary>
internal sealed class RabbitMqConnections(RabbitMqOptions options, RabbitMqTopology topology, TimeProvider time, Random random, ILogger<RabbitMqLink> logger) : IAsyncDisposable
{
    /// <summary>For everything that is taken.</summary>
    public RabbitMqLink Consuming { get; } = new(options, topology, "stack orchestrator, results", time, random, logger);

    /// <summary>For everything that is published.</summary>
    public RabbitMqLink Publishing { get; } = new(options, topology, "stack orchestrator, tasks", time, random, logger);

    public async ValueTask DisposeAsync()
    {
        await Consuming.DisposeAsync();
        await Publishing.DisposeAsync();
    }
}
