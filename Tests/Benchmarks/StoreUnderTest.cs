using Npgsql;
using Stack.Benchmarks.Servers;
using Stack.Engine;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Benchmarks;

/// <summary>A kind of store, and databases of that kind by name.</summary>
internal abstract class StoreUnderTest : IAsyncDisposable
{
    /// <summary>What it is and where.</summary>
    public abstract string Name { get; }

    /// <summary>The processes whose time a write takes.</summary>
    public abstract IReadOnlyList<(string Name, int Id)> Processes { get; }

    /// <summary>Opens a database, and makes it when it is not there.</summary>
    public abstract Task<OpenedStore> OpenAsync(string name);

    /// <summary>Makes a database with finished workflows.</summary>
    public abstract Task FillAsync(string name, int workflows);

    public virtual ValueTask DisposeAsync() => ValueTask.CompletedTask;
}

/// <summary>An open store.</summary>
internal sealed record OpenedStore(IWorkflowStore Store) : IAsyncDisposable
{
    public async ValueTask DisposeAsync()
    {
        if (Store is IAsyncDisposable disposable)
        {
            await disposable.DisposeAsync();
        }
        else
        {
            (Store as IDisposable)?.Dispose();
        }
    }
}

/// <summary>Files in a folder.</summary>
internal sealed class SqliteUnderTest(string directory) : StoreUnderTest
{
    public override string Name => $"SQLite store in {directory}";

    public override IReadOnlyList<(string Name, int Id)> Processes => [("store", Environment.ProcessId)];

    public override async Task<OpenedStore> OpenAsync(string name) => new(await OpenStoreAsync(name));

    public override async Task FillAsync(string name, int workflows)
    {
        using var store = await OpenStoreAsync(name);
        await StoreHistory.FillAsync(store, workflows);
    }

    private async Task<SqliteStore> OpenStoreAsync(string name)
    {
        var store = new SqliteStore(new SqliteStoreOptions { DataDirectory = Path.Combine(directory, name) }, TimeProvider.System);
        await store.MigrateAsync(default);
        return store;
    }
}

/// <summary>Databases on a server: one of the benchmark's own, or a given one.</summary>
internal sealed class PostgresUnderTest(string address, PostgresServer? server) : StoreUnderTest
{
    public override string Name => server is null ? "Postgres store on a given server, whose time is not measured" : "Postgres store on a server of its own, fsync on";

    public override IReadOnlyList<(string Name, int Id)> Processes =>
        server is null ? [("client", Environment.ProcessId)] : [("client", Environment.ProcessId), ("server", server.ProcessId)];

    public static async Task<PostgresUnderTest> StartAsync(string directory)
    {
        var server = await PostgresServer.StartAsync(directory);
        return new PostgresUnderTest(server.ConnectionString, server);
    }

    public override async Task<OpenedStore> OpenAsync(string name)
    {
        await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(address) { Pooling = false }.ConnectionString);
        await connection.OpenAsync();
        await using var find = new NpgsqlCommand($"SELECT 1 FROM pg_database WHERE datname = 'benchmark_{name}'", connection);
        if (await find.ExecuteScalarAsync() is null)
        {
            await using var create = new NpgsqlCommand($"CREATE DATABASE benchmark_{name}", connection);
            await create.ExecuteNonQueryAsync();
        }

        var store = new PostgresStore(new PostgresStoreOptions { ConnectionString = Of(name) });
        await store.MigrateAsync(default);
        return new OpenedStore(store);
    }

    public override async Task FillAsync(string name, int workflows)
    {
        await using (await OpenAsync(name))
        {
            await PostgresHistory.FillAsync(Of(name), workflows);
        }
    }

    public override ValueTask DisposeAsync()
    {
        server?.Dispose();
        return base.DisposeAsync();
    }

    private string Of(string name) => new NpgsqlConnectionStringBuilder(address) { Database = "benchmark_" + name }.ConnectionString;
}
