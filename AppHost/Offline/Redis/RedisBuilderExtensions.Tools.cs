using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Redis;

namespace Aspire.Hosting;

public static partial class RedisBuilderExtensions
{
    private static readonly ValueProviderContext InContainers = new() { Network = KnownNetworkIdentifiers.DefaultAspireContainerNetwork };

    /// <summary>Adds Redis Commander, one for all servers. It is a container, and runs only where containers do.</summary>
    public static IResourceBuilder<RedisResource> WithRedisCommander(
        this IResourceBuilder<RedisResource> builder, Action<IResourceBuilder<RedisCommanderResource>>? configureContainer = null, string? containerName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var application = builder.ApplicationBuilder;
        if (application.Resources.OfType<RedisCommanderResource>().FirstOrDefault() is { } existing)
        {
            configureContainer?.Invoke(application.CreateResourceBuilder(existing));
            return builder;
        }
        var tool = application.AddResource(new RedisCommanderResource(containerName ?? "rediscommander"))
            .WithImage("rediscommander/redis-commander", "latest")
            .WithImageRegistry("docker.io")
            .WithHttpEndpoint(targetPort: 8081, name: "http")
            .WithEnvironment(async context => context.EnvironmentVariables["REDIS_HOSTS"] = await HostsAsync(application, context.CancellationToken))
            .WithHttpHealthCheck();
        configureContainer?.Invoke(tool);
        return builder;
    }

    /// <summary>Adds Redis Insight, one for all servers. It is a container, and runs only where containers do.</summary>
    public static IResourceBuilder<RedisResource> WithRedisInsight(
        this IResourceBuilder<RedisResource> builder, Action<IResourceBuilder<RedisInsightResource>>? configureContainer = null, string? containerName = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var application = builder.ApplicationBuilder;
        if (application.Resources.OfType<RedisInsightResource>().FirstOrDefault() is { } existing)
        {
            configureContainer?.Invoke(application.CreateResourceBuilder(existing));
            return builder;
        }
        var tool = application.AddResource(new RedisInsightResource(containerName ?? "redisinsight"))
            .WithImage("redis/redisinsight", "3.0")
            .WithImageRegistry("docker.io")
            .WithHttpEndpoint(targetPort: 5540, name: "http")
            .WithEnvironment(context => AddConnections(context, application))
            .WithHttpHealthCheck("/api/health");
        configureContainer?.Invoke(tool);
        return builder;
    }

    /// <summary>Changes the port of Redis Commander; null means one that is free.</summary>
    public static IResourceBuilder<RedisCommanderResource> WithHostPort(this IResourceBuilder<RedisCommanderResource> builder, int? port) =>
        builder.WithEndpoint("http", endpoint => endpoint.Port = port);

    /// <summary>Changes the port of Redis Insight; null means one that is free.</summary>
    public static IResourceBuilder<RedisInsightResource> WithHostPort(this IResourceBuilder<RedisInsightResource> builder, int? port) =>
        builder.WithEndpoint("http", endpoint => endpoint.Port = port);

    /// <summary>Keeps what Redis Insight remembers in a volume.</summary>
    public static IResourceBuilder<RedisInsightResource> WithDataVolume(this IResourceBuilder<RedisInsightResource> builder, string? name = null) =>
        builder.WithVolume(name ?? VolumeNameGenerator.Generate(builder, "data"), "/data");

    /// <summary>Keeps what Redis Insight remembers in a folder of the host.</summary>
    public static IResourceBuilder<RedisInsightResource> WithDataBindMount(this IResourceBuilder<RedisInsightResource> builder, string source) =>
        builder.WithBindMount(source, "/data");

    private static async Task<string> HostsAsync(IDistributedApplicationBuilder application, CancellationToken cancellationToken)
    {
        var hosts = new List<string>();
        foreach (var redis in application.Resources.OfType<RedisResource>())
        {
            var password = redis.PasswordParameter is { } secret ? $":0:{await secret.GetValueAsync(cancellationToken)}" : "";
            hosts.Add($"{redis.Name}:{await redis.Host.GetValueAsync(InContainers, cancellationToken)}:{await redis.Port.GetValueAsync(InContainers, cancellationToken)}{password}");
        }
        return string.Join(',', hosts);
    }

    private static void AddConnections(EnvironmentCallbackContext context, IDistributedApplicationBuilder application)
    {
        foreach (var (redis, index) in application.Resources.OfType<RedisResource>().Select((redis, index) => (redis, index + 1)))
        {
            context.EnvironmentVariables[$"RI_REDIS_HOST{index}"] = redis.Host;
            context.EnvironmentVariables[$"RI_REDIS_PORT{index}"] = redis.Port;
            context.EnvironmentVariables[$"RI_REDIS_ALIAS{index}"] = redis.Name;
            if (redis.PasswordParameter is { } password)
            {
                context.EnvironmentVariables[$"RI_REDIS_PASSWORD{index}"] = password;
            }
        }
    }
}
