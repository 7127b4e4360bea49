using Stack.Engine;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

[NeedsServer("postgresql")]
public sealed class PostgresSchemaTests : IAsyncLifetime
{
    private PostgresDatabase? _database;

    private PostgresDatabase Database => _database!;

    public async Task InitializeAsync() => _database = await PostgresDatabase.CreateAsync();

    public async Task DisposeAsync() => await Database.DisposeAsync();

    [ServerFact]
    public async Task Migrate_EightAtOnce_AllSucceedAndEachMigrationIsAppliedOnce()
    {
        var stores = Enumerable.Range(0, 8).Select(_ => Database.Open()).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => store.MigrateAsync(CancellationToken.None))));
        Assert.Equal(Enumerable.Range(1, PostgresSchema.CurrentVersion), await Database.ReadAsync<int>("SELECT version FROM schema_migrations ORDER BY version"));
        await Task.WhenAll(stores.Select(store => store.CommitAsync(Submit(NextId()))));
        Assert.Equal(8, (await stores[0].ListAsync(new WorkflowQuery(), CancellationToken.None)).Count);
    }

    [ServerFact]
    public async Task Migrate_NewerSchema_IsRefusedWithTheRemedy()
    {
        await Database.OpenMigratedAsync();
        await Database.ExecuteAsync("INSERT INTO schema_migrations (version, name, checksum) VALUES (99, '099_later.sql', 'x')");
        var refused = await Assert.ThrowsAsync<StoreSchemaException>(() => Database.Open().MigrateAsync(CancellationToken.None));
        Assert.Contains($"database '{Database.Name}' on 127.0.0.1:{Database.Server.Port} has schema version 99; this program knows versions up to {PostgresSchema.CurrentVersion}. Remedy: ", refused.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Migrate_AppliedMigrationWasAnother_IsRefusedNamingIt()
    {
        await Database.OpenMigratedAsync();
        await Database.ExecuteAsync("UPDATE schema_migrations SET checksum = 'another' WHERE version = 2");
        var refused = await Assert.ThrowsAsync<StoreSchemaException>(() => Database.Open().MigrateAsync(CancellationToken.None));
        Assert.Contains("002_commit_batch.sql", refused.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Migrate_OtherEncoding_IsRefusedWithTheRemedy()
    {
        await Database.ExecuteAsync($"CREATE DATABASE {Database.Name}_latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'");
        try
        {
            var store = Database.Open(change: options => options.ConnectionString = Database.Server.Address(Database.Name + "_latin"));
            var refused = await Assert.ThrowsAsync<StoreSchemaException>(() => store.MigrateAsync(CancellationToken.None));
            Assert.Contains("has the encoding LATIN1; this program needs UTF8. Remedy: createdb", refused.Message, StringComparison.Ordinal);
            await store.DisposeAsync();
        }
        finally
        {
            await Database.ExecuteAsync($"DROP DATABASE {Database.Name}_latin WITH (FORCE)");
        }
    }

    [ServerFact]
    public async Task Migrate_AnotherProgramHasATableOfThatName_SaysSoAndLeavesNothing()
    {
        await Database.ExecuteAsync("CREATE TABLE deployments (mine integer)");
        var refusal = await Assert.ThrowsAsync<StoreSchemaException>(() => Database.Open().MigrateAsync(CancellationToken.None));
        Assert.Contains("\"deployments\"", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("createdb", refusal.Message, StringComparison.Ordinal);
        Assert.Equal(["deployments"], await Database.ReadAsync<string>("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"));
        await Database.ExecuteAsync("DROP TABLE deployments");
        await Database.OpenMigratedAsync();
    }

    [ServerFact]
    public async Task Migrate_AnotherProgramCountsItsMigrationsThere_SaysSo()
    {
        await Database.ExecuteAsync("CREATE TABLE schema_migrations (version text PRIMARY KEY)");
        var refusal = await Assert.ThrowsAsync<StoreSchemaException>(() => Database.Open().MigrateAsync(CancellationToken.None));
        Assert.Contains("checksum", refusal.Message, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Commit_BeforeMigrate_SaysThatTheTablesAreMissing()
    {
        var unavailable = await Assert.ThrowsAsync<StoreUnavailableException>(() => Database.Open().CommitAsync(Submit(NextId())));
        Assert.Contains("does not have the tables that this program needs", unavailable.Message, StringComparison.Ordinal);
    }
}
