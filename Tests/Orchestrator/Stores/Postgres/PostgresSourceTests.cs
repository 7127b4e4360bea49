using Microsoft.Extensions.Diagnostics.HealthChecks;
using Npgsql;
using Stack.Checks.Processes;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Api;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

/// <summary>Sessions that outlive what they are good for: left alone, demoted, without what was prepared, with other data behind them.</summary>
[NeedsServer("postgresql")]
public sealed class PostgresSourceTests : IAsyncLifetime
{
    private static readonly CancellationToken None = CancellationToken.None;

    private PostgresDatabase? _database;

    private PostgresDatabase Database => _database!;

    public async Task InitializeAsync() => _database = await PostgresDatabase.CreateAsync();

    public async Task DisposeAsync() => await Database.DisposeAsync();

    [ServerFact]
    public async Task Commit_AnotherOrchestratorHangsInItsTransaction_GoesOn()
    {
        var store = await Database.OpenMigratedAsync();
        await using var hanging = new PostgresConnections(new PostgresStoreOptions { ConnectionString = Database.Address });
        await using var connection = await hanging.OpenAsync(None);
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("SELECT pg_advisory_xact_lock(1398030676, 1)", connection);
        await command.ExecuteNonQueryAsync();
        Assert.Empty((await store.CommitAsync(Submit(NextId())).WaitAsync(TimeSpan.FromSeconds(15))).Conflicts);
    }

    [ServerFact]
    public async Task Commit_AdministratorPrefersAnotherIsolation_SeesWhatOthersWrote()
    {
        await Database.ExecuteAsync($"ALTER DATABASE {Database.Name} SET default_transaction_isolation = 'serializable'");
        await using var connections = new PostgresConnections(new PostgresStoreOptions { ConnectionString = Database.Address });
        await using var connection = await connections.OpenAsync(None);
        await using var command = new NpgsqlCommand("SHOW transaction_isolation", connection);
        Assert.Equal("read committed", await command.ExecuteScalarAsync());
    }

    [ServerFact]
    public async Task Commit_SessionsBecameReadOnly_GoesOnWhenTheServerTakesWrites()
    {
        await Database.OpenMigratedAsync();
        await Database.ExecuteAsync($"ALTER DATABASE {Database.Name} SET default_transaction_read_only = on");
        var store = Database.Open();
        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Renewal()));
        Assert.Contains("is read-only", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Submit(NextId())));
        await Database.ExecuteAsync($"BEGIN; SET TRANSACTION READ WRITE; ALTER DATABASE {Database.Name} RESET default_transaction_read_only; COMMIT");
        Assert.Empty((await store.CommitAsync(Renewal())).Conflicts);
        Assert.Empty((await store.CommitAsync(Submit(NextId()))).Conflicts);
    }

    [ServerFact]
    public async Task Health_ServerTakesNoWrites_SaysSo()
    {
        await Database.OpenMigratedAsync();
        await Database.ExecuteAsync($"ALTER DATABASE {Database.Name} SET default_transaction_read_only = on");
        var health = new StoreHealth(Database.Open());
        var found = await health.CheckHealthAsync(new HealthCheckContext { Registration = new HealthCheckRegistration("store", health, HealthStatus.Unhealthy, null) });
        Assert.Equal(HealthStatus.Unhealthy, found.Status);
        Assert.Contains("is read-only", found.Description, StringComparison.Ordinal);
    }

    [ServerFact]
    public async Task Commit_CannotBePrepared_CostsNoConnection()
    {
        await Database.OpenMigratedAsync();
        var store = Database.Open(change: options => options.MaxConnections = 3);
        await Database.ExecuteAsync("ALTER FUNCTION commit_submission RENAME TO away");
        for (var tries = 0; tries < 5; tries++)
        {
            var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Submit(NextId())));
            Assert.Contains("does not have the tables", failure.Message, StringComparison.Ordinal);
        }

        await Database.ExecuteAsync("ALTER FUNCTION away RENAME TO commit_submission");
        Assert.Empty((await store.CommitAsync(Submit(NextId()))).Conflicts);
    }

    [ServerFact]
    public async Task Commit_DatabaseCameBackWithOtherData_GoesOn()
    {
        var store = await Database.OpenMigratedAsync();
        await store.CommitAsync(Submit(NextId()));
        await Database.ExecuteAsync(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
            TRUNCATE workflows, workflow_headers, open_attempts, events, workflow_counts, workflow_facets;
            """);
        var restored = Submit(NextId());
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(restored));
        Assert.Empty((await store.CommitAsync(restored)).Conflicts);
        Assert.Equal(restored.State.Id, Assert.Single(await store.ListAsync(new WorkflowQuery { Type = restored.Header!.Type, Limit = 10 }, None)).Header.Id);
    }

    [ServerFact]
    public async Task Migrate_AnotherOneTakesLongerThanACommandMay_IsWaitedFor()
    {
        var holding = Database.ExecuteAsync("BEGIN; SELECT pg_advisory_xact_lock(1398030676, 0); SELECT pg_sleep(3); COMMIT");
        await Eventually.TrueAsync(async () => (await Database.ReadAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objid = 0)"))[0], "The other one migrates.");
        await Database.Open(change: options => options.CommandTimeout = TimeSpan.FromSeconds(1)).MigrateAsync(None);
        await holding;
    }

    [ServerFact]
    public async Task Open_SeveralHosts_TakesTheOneThatTakesWrites()
    {
        var store = Database.Open(change: options => options.ConnectionString = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            Host = $"127.0.0.1:{FreePort.Next()},127.0.0.1:{Database.Server.Port}",
            TargetSessionAttributes = "primary",
        }.ConnectionString);
        await store.MigrateAsync(None);
        Assert.Empty((await store.CommitAsync(Submit(NextId()))).Conflicts);
        Assert.NotNull(await store.Nodes.BeatAsync(await store.Nodes.JoinAsync("a", None), [], TimeSpan.FromSeconds(6), None));
    }

    [ServerFact]
    public async Task Probe_TransactionThatWaitsForItsClient_IsNoWork()
    {
        var options = new PostgresStoreOptions { ConnectionString = Database.Address };
        await using var probe = new PostgresProbe(new NpgsqlConnectionStringBuilder(Database.Address), options);
        await using var connection = new NpgsqlConnection(Database.Address + ";Pooling=false");
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await using var command = new NpgsqlCommand("SELECT 1", connection);
        await command.ExecuteNonQueryAsync();
        Assert.IsType<TimeoutException>(await probe.FindSilenceAsync(connection.ProcessID, new TaskCompletionSource().Task));
        var working = new NpgsqlCommand("SELECT pg_sleep(2)", connection).ExecuteNonQueryAsync();
        await Eventually.TrueAsync(async () => await probe.FindSilenceAsync(connection.ProcessID, working) is null, "It is at work.");
        await working;
    }

    // Written without looking anything up before.
    private static LeaseWrite Renewal() =>
        new() { TaskId = new TaskId(NextId(), "build", 1), Status = AttemptStatus.Running, AgentId = new AgentId("noop-1"), StartedAt = Now, LeaseExpiresAt = Now.AddSeconds(15) };
}
