using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>Wires the embedded store.</summary>
internal static class SqliteStoreExtensions
{
    /// <summary>Registers the SQLite store as the host's stores of workflows, definitions, deployments, budgets, model calls and evidence. It is migrated by whoever starts the engine, not here.</summary>
    /// <param name="builder">The host.</param>
    public static IHostApplicationBuilder AddSqliteStore(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<SqliteStoreOptions>()
            .Configure<IConfiguration>((options, configuration) =>
            {
                options.DataDirectory = configuration["Stack:DataDirectory"] ?? options.DataDirectory;
                configuration.GetSection(SqliteStoreOptions.Section).Bind(options);
            })
            .ValidateOnStart();
        builder.Services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<SqliteStoreOptions>, SqliteStoreOptions.Validation>());
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(services => new SqliteStore(services.GetRequiredService<IOptions<SqliteStoreOptions>>().Value, services.GetRequiredService<TimeProvider>()));
        builder.Services.AddSingleton<IWorkflowStore>(services => services.GetRequiredService<SqliteStore>());
        builder.Services.AddSingleton<IDefinitionStore>(services => services.GetRequiredService<SqliteStore>());
        builder.Services.AddSingleton<IDeploymentStore>(services => services.GetRequiredService<SqliteStore>());
        builder.Services.AddSingleton<ILedgerStore>(services => services.GetRequiredService<SqliteStore>());
        builder.Services.AddSingleton<IModelJournal>(services => services.GetRequiredService<SqliteStore>());
        builder.Services.AddSingleton<IEvidenceStore>(services => services.GetRequiredService<SqliteStore>());
        return builder;
    }
}
