using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;
using Stack.Contracts;
using Stack.Messaging;
using Stack.Messaging.Http;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Agents.Runtime;

/// <summary>Wires one agent type into a host.</summary>
internal static class AgentHosting
{
    /// <summary>The client of the orchestrator's API.</summary>
    private const string OrchestratorClient = "orchestrator";

    /// <summary>Adds everything that an agent of a type needs.</summary>
    /// <param name="builder">The host.</param>
    /// <param name="type">The type.</param>
    public static IHostApplicationBuilder AddAgent(this IHostApplicationBuilder builder, AgentType type)
    {
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        AddOptions(builder, type);
        AddConnections(services);
        AddBroker(builder);
        AddTools(services, type);
        AddLoops(services);
        type.AddTo(builder);
        services.AddHealthChecks().Add(new HealthCheckRegistration("agent", provider => provider.GetRequiredService<AgentMembership>(), failureStatus: null, ["ready"]));
        return builder;
    }

    private static void AddOptions(IHostApplicationBuilder builder, AgentType type)
    {
        builder.Services.AddOptions<AgentOptions>().BindConfiguration(AgentOptions.Section).ValidateOnStart();
        builder.Services.AddSingleton<IValidateOptions<AgentOptions>, AgentOptionsValidation>();
        builder.Services.AddSingleton(provider => provider.GetRequiredService<IOptions<AgentOptions>>().Value);
        var settings = StackSettings.From(builder.Configuration);
        builder.Services.AddSingleton(settings);
        builder.Services.AddHttpPreflightCheck(
            OrchestratorClient, new Uri(settings.Orchestrator, "health/live"), "Start it with 'dotnet run --project AppHost', or point Stack:OrchestratorUrl to where it runs.");
        builder.Services.AddSingleton(provider => new AttemptTable(
            provider.GetRequiredService<AgentOptions>() is { MaxConcurrency: > 0 and var own } ? own : type.MaxConcurrency, provider.GetRequiredService<TimeProvider>()));
        builder.Services.AddOptions<HostOptions>()
            .Configure<AgentOptions>((host, options) => host.ShutdownTimeout = AgentWorker.ShutdownLimit(options));
    }

    private static void AddConnections(IServiceCollection services)
    {
        services.AddSingleton<AgentToken>();
        services.AddSingleton(provider => SeededRandom());
        services.AddTransient<OrchestratorHandler>();
        services.AddSingleton(provider =>
        {
            // Agents spread over the orchestrators without knowing of each other.
            var all = provider.GetRequiredService<StackSettings>().Orchestrators;
            return new OrchestratorAddresses(all, provider.GetRequiredService<Random>().Next(all.Count), provider.GetRequiredService<TimeProvider>());
        });
        services.AddHttpClient(OrchestratorClient, (provider, client) => client.BaseAddress = provider.GetRequiredService<StackSettings>().Orchestrator)
            .AddHttpMessageHandler<OrchestratorHandler>();
        services.AddSingleton(provider => new HttpTaskFeed(
            HttpTaskFeed.CreateClient(),
            new HttpTaskFeedOptions { Addresses = provider.GetRequiredService<OrchestratorAddresses>(), JoinToken = provider.GetRequiredService<StackSettings>().AgentToken },
            provider.GetRequiredService<AgentToken>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<Random>(),
            provider.GetRequiredService<ILogger<HttpTaskFeed>>()));
        services.AddSingleton(provider => new AgentClients(
            provider.GetRequiredService<IHttpClientFactory>().CreateClient(OrchestratorClient),
            new HttpClient(new OrchestratorHandler(provider.GetRequiredService<AgentToken>(), provider.GetRequiredService<OrchestratorAddresses>()) { InnerHandler = new SocketsHttpHandler { UseProxy = false } })
            {
                BaseAddress = provider.GetRequiredService<StackSettings>().Orchestrator,
                Timeout = Timeout.InfiniteTimeSpan,
            },
            new HttpClient { Timeout = TimeSpan.FromSeconds(30) },
            provider.GetRequiredService<OrchestratorAddresses>()));
    }

    private static void AddBroker(IHostApplicationBuilder builder)
    {
        builder.AddTaskFeed<HttpTaskFeed>();
        if (builder.Configuration.GetConnectionString("rabbitmq") is { Length: > 0 } address)
        {
            builder.Services.AddPreflightCheck(_ => new BrokerPreflight(address));
        }
    }

    private static void AddTools(IServiceCollection services, AgentType type)
    {
        services.AddSingleton(provider => AgentHome.Open(provider.GetRequiredService<StackSettings>().DataDirectory, type.Name, provider.GetRequiredService<Random>()));
        services.AddSingleton(provider => new ProcessEnvironment(provider.GetRequiredService<AgentHome>().UserHome, Environment.GetEnvironmentVariables()));
        services.AddSingleton(provider =>
        {
            // For processes that belong to the agent and not to one attempt; they end with it.
            var home = provider.GetRequiredService<AgentHome>();
            return new ProcessTool(
                provider.GetRequiredService<ProcessEnvironment>(), $"{home.Id}/host/", home.SharedDirectory, Path.Combine(home.WorkRoot, "host"), provider.GetRequiredService<TimeProvider>());
        });
        services.AddSingleton<AgentKit>();
    }

    private static void AddLoops(IServiceCollection services)
    {
        services.AddSingleton<HealthMeter>();
        services.AddSingleton<StatusSender>();
        services.AddSingleton(provider => new OutboxFolder(Path.Combine(provider.GetRequiredService<AgentHome>().Directory, "outbox"), provider.GetRequiredService<ILogger<OutboxFolder>>()));
        services.AddSingleton<ResultOutbox>();
        services.AddSingleton<AttemptExecutor>();
        services.AddSingleton<MachineProbe>();
        services.AddSingleton(provider => new AgentMembership(
            provider.GetRequiredService<ITaskFeed>(), provider.GetRequiredService<MachineProbe>().DescribeAsync, provider.GetRequiredService<HealthMeter>(), provider.GetRequiredService<TimeProvider>()));
        services.AddTransient(provider => new RetryPause(TimeSpan.FromSeconds(2), provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<Random>()));
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<TaskClaimer>(provider, provider.GetRequiredService<AgentOptions>().ClaimWait));
        services.AddSingleton<LeaseKeeper>();
        services.AddHostedService<AgentWorker>();
    }

    private static Random SeededRandom() => new(Environment.ProcessId ^ Environment.TickCount);
}
