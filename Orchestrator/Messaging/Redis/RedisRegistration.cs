using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Stack.Contracts;

namespace Stack.Messaging.Redis;

/// <summary>Puts the live views in Redis into an orchestrator.</summary>
internal static class RedisRegistration
{
    /// <summary>Adds them. The host also needs an <see cref="IBacklog"/>.</summary>
    /// <param name="services">The host's services.</param>
    /// <param name="options">Makes the settings.</param>
    /// <param name="own">Makes the registry of the agents that talk to this orchestrator.</param>
    public static void AddRedisViews(this IServiceCollection services, Func<IServiceProvider, RedisOptions> options, Func<IServiceProvider, IAgentRegistry> own)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(_ => new Random(Environment.ProcessId ^ Environment.TickCount));
        services.AddSingleton(provider => Check(options(provider)));
        services.AddSingleton<RedisLink>();
        services.AddSingleton(provider => new RedisAgentRegistry(
            own(provider), provider.GetRequiredService<RedisLink>(), provider.GetRequiredService<RedisOptions>(), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<RedisAgentRegistry>>()));
        services.AddSingleton<IAgentRegistry>(provider => provider.GetRequiredService<RedisAgentRegistry>());
        services.AddSingleton<RedisEventBus>();
        services.AddSingleton<IEventBus>(provider => provider.GetRequiredService<RedisEventBus>());
        services.AddSingleton<RedisResultNotices>();
        services.AddSingleton<IDispatchListener>(provider => provider.GetRequiredService<RedisResultNotices>());
        services.AddSingleton<RedisBacklog>();
        services.AddHostedService(provider => provider.GetRequiredService<RedisLink>());
        services.AddHostedService(provider => provider.GetRequiredService<RedisAgentRegistry>());
        services.AddHostedService(provider => provider.GetRequiredService<RedisEventBus>());
        services.AddHostedService(provider => provider.GetRequiredService<RedisResultNotices>());
        services.AddHostedService(provider => provider.GetRequiredService<RedisBacklog>());
        services.AddHealthChecks().AddCheck<RedisHealth>("redis", HealthStatus.Degraded, ["ready"]);
    }

    private static RedisOptions Check(RedisOptions options) =>
        options.Validate() is { Count: > 0 } problems ? throw new OptionsValidationException(nameof(RedisOptions), typeof(RedisOptions), problems) : options;
}
