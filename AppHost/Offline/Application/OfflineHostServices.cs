using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Wires the offline host.</summary>
internal static class OfflineHostServices
{
    internal static void AddOfflineHost(this HostApplicationBuilder host, DistributedApplicationBuilder application, DistributedApplicationOptions options, HostDescription description)
    {
        var services = host.Services;
        var data = new StateDirectory(StateDirectory.PathOf(application.Configuration, application.AppHostDirectory));
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new DistributedApplicationModel(application.Resources));
        services.AddSingleton(application.Eventing);
        services.AddSingleton(application.ExecutionContext);
        services.AddSingleton(options);
        services.AddSingleton(description);
        services.AddSingleton(data);
        services.AddSingleton(provider => new RunMarker(data.Path, provider.GetRequiredService<TimeProvider>().GetUtcNow().UtcTicks.ToString("x", CultureInfo.InvariantCulture)));
        services.AddSingleton(provider => new HostStartup(
            description,
            options.Args ?? [],
            application.ExecutionContext,
            provider.GetRequiredService<PublishingCommand>,
            provider.GetRequiredService<TimeProvider>(),
            Console.Out,
            Console.Error));
        services.AddSingleton(provider => new PublishingCommand(
            provider.GetRequiredService<DistributedApplicationModel>(),
            application.ExecutionContext,
            application.Environment,
            application.Configuration,
            data,
            provider.GetRequiredService<TimeProvider>(),
            PublishOptions.Read(options.Args ?? [], application.Configuration),
            Console.Out));
        services.AddResourceState(options);
        services.AddTerminal(host.Logging, host.Environment, application.Configuration);
        services.AddHealthChecks();
        services.AddSingleton<IMaterializer, ProcessMaterializer>();
        services.AddServers();
        services.AddContainers();
        services.AddSingleton<IMaterializer, EmbeddedMaterializer>();
        services.AddSingleton<MaterializationPlanner>();
        services.AddSingleton<KeptPorts>();
        services.AddSingleton<PortCheck>();
        services.AddSingleton<InstanceStarter>();
        services.AddSingleton<EndpointAllocator>();
        services.AddSingleton<LeftoverReaper>();
        services.AddSingleton<Watchdog>();
        services.AddSingleton<HealthMonitor>();
        services.AddSingleton<SupervisorFactory>();
        services.AddSingleton<ValueResources>();
        services.AddSingleton<ParameterValues>();
        services.AddDashboard(application.Configuration, options);
        services.AddSingleton<ControlledResources>();
        services.AddSingleton<ControlEndpoint>();
        services.AddTelemetry();
        services.AddSingleton<ApplicationRunner>();
        services.AddHostedService(provider => provider.GetRequiredService<ApplicationRunner>());
        services.AddSingleton<Func<ApplicationRunner>>(provider => provider.GetRequiredService<ApplicationRunner>);
        services.AddHostLifetime(options);
        services.Configure<HostOptions>(hostOptions => hostOptions.ShutdownTimeout = TimeSpan.FromSeconds(10));
    }

    // In a test the signals are the runner's.
    private static void AddHostLifetime(this IServiceCollection services, DistributedApplicationOptions options)
    {
        if (options.IsTest)
        {
            services.AddSingleton<IHostLifetime, NoSignals>();
        }
        else
        {
            services.AddSingleton<IHostLifetime, HostSignals>();
        }
    }

    private static void AddServers(this IServiceCollection services)
    {
        services.TryAddSingleton(_ => ProgramSearch.OfThisMachine());
        services.TryAddSingleton(_ => ServerPackages.OfThisMachine());
        services.AddSingleton(provider => new ServerFolders(provider.GetRequiredService<StateDirectory>()));
        services.AddSingleton<IServerProgram, PostgresProgram>();
        services.AddSingleton<IServerProgram, RedisProgram>();
        services.AddSingleton<IServerProgram, RabbitMqProgram>();
        services.AddSingleton<IServerProgram, OllamaProgram>();
        services.AddSingleton<IMaterializer, ServerMaterializer>();
    }

    private static void AddDashboard(this IServiceCollection services, ConfigurationManager configuration, DistributedApplicationOptions options)
    {
        services.AddSingleton(DashboardOptions.Read(configuration, options));
        services.AddSingleton<ResourceHistory>();
        services.AddSingleton<ResourceDescriber>(provider => new(
            provider.GetRequiredService<DistributedApplicationModel>(),
            provider.GetRequiredService<ResourceNotificationService>(),
            provider.GetRequiredService<ResourceLoggerService>(),
            provider.GetRequiredService<ResourceHistory>(),
            provider));
        services.AddSingleton<DashboardServer>();
    }

    private static void AddContainers(this IServiceCollection services)
    {
        services.AddSingleton<ContainerRuntimes>();
        services.AddSingleton<ContainerLabels>();
        services.AddSingleton<ContainerImages>();
        services.AddSingleton<ContainerSurvey>();
        services.AddSingleton<ContainerNetwork>();
        services.AddSingleton<ContainerReaper>();
        services.AddSingleton<IMaterializer, ContainerMaterializer>();
    }

    private static void AddResourceState(this IServiceCollection services, DistributedApplicationOptions options)
    {
        services.AddSingleton(provider => new ResourceLoggerService { Time = provider.GetRequiredService<TimeProvider>() });
        services.AddSingleton(provider => new ResourceNotificationService(
            provider.GetRequiredService<ILogger<ResourceNotificationService>>(), provider.GetRequiredService<IHostApplicationLifetime>())
        {
            DefaultWaitBehavior = options.DisableDashboard ? WaitBehavior.StopOnResourceUnavailable : WaitBehavior.WaitOnResourceUnavailable,
            Time = provider.GetRequiredService<TimeProvider>(),
        });
        services.AddSingleton(provider => new ResourceCommandService(
            provider.GetRequiredService<ResourceNotificationService>(), provider.GetRequiredService<ResourceLoggerService>(), provider));
    }

    private static void AddTerminal(this IServiceCollection services, ILoggingBuilder logging, IHostEnvironment environment, ConfigurationManager configuration)
    {
        services.TryAddSingleton(_ => TerminalOutput.OfConsole());
        services.TryAddSingleton<ITerminalInput, ConsoleInput>();
        services.TryAddSingleton<IInteractionService, TerminalInteractions>();
        services.AddSingleton<LogStreams>();
        services.AddSingleton<MemoryUse>();
        services.AddSingleton<StartClock>();
        services.AddSingleton<StartupReport>();
        services.AddSingleton<ILoggerProvider, TerminalLoggerProvider>();
        // What the framework has to say is of no use to whoever runs the application, unless something is wrong; a failed start is said by the host itself.
        logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("Microsoft.Extensions.Hosting", LogLevel.None).AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None).SetMinimumLevel(LogLevel.Information);
        // Nor are the lines of services in which all is well: the dashboard and the log files have them.
        logging.AddFilter(LogStreams.TerminalCategory(environment), TerminalVerbosity.IsVerbose(configuration) ? LogLevel.Trace : LogLevel.Warning);
        logging.AddConfiguration(configuration.GetSection("Logging"));
    }
}
