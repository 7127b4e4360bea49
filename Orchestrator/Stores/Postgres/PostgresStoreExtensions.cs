using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Stack.Engine;
using Stack.ServiceDefaults.Preflight;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Wires the Postgres store.</summary>
internal static class PostgresStoreExtensions
{
    /// <summary>Registers the Postgres store as the host's stores of workflows, definitions, deployments, budgets, model calls and evidence. It is migrated by whoever starts the engine, not here; the start waits until the database is there.</summary>
    /// <param name="builder">The host.</param>
    public static IHostApplicationBuilder AddPostgresStore(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<PostgresStoreOptions>()
            .Configure<IConfiguration>((options, configuration) =>
            {
                options.ConnectionString = configuration.GetConnectionString(PostgresStoreOptions.ConnectionName) ?? options.ConnectionString;
                configuration.GetSection(PostgresStoreOptions.Section).Bind(options);
            })
            .ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PostgresStoreOptions>, PostgresStoreOptions.Validation>());
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new PostgresStore(services.GetRequiredService<IOptions<PostgresStoreOptions>>().Value));
        builder.Services.AddSingleton<IWorkflowStore>(services => services.GetRequiredService<PostgresStore>());
        builder.Services.AddSingleton<INodeDirectory>(services => services.GetRequiredService<PostgresStore>().Nodes);
        builder.Services.AddSingleton<IDefinitionStore>(services => services.GetRequiredService<PostgresStore>());
        builder.Services.AddSingleton<IDeploymentStore>(services => services.GetRequiredService<PostgresStore>());
        builder.Services.AddSingleton<ILedgerStore>(services => services.GetRequiredService<PostgresStore>());
        builder.Services.AddSingleton<IModelJournal>(services => services.GetRequiredService<PostgresStore>());
        builder.Services.AddSingleton<IEvidenceStore>(services => services.GetRequiredService<PostgresStore>());
        builder.Services.AddSingleton<PostgresPreflight>();
        builder.Services.AddPreflightCheck(services => services.GetRequiredService<PostgresPreflight>());
        builder.Services.AddHostedService<PostgresArrival>();
        return builder;
    }
}
