using Npgsql;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Tests.Servers;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

/// <summary>A database of one test, and the stores that it opened there.</summary>
internal sealed class PostgresDatabase : IAsyncDisposable
{
    private readonly List<PostgresStore> _stores = [];

    private PostgresDatabase(PostgresServer server, string name) => (Server, Name) = (server, name);

    public PostgresServer Server { get; }

    public string Name { get; }

    public string Address => Server.Address(Name);

    /// <summary>Makes an empty database.</summary>
    /// <param name="server">Where. Null: on the server that tests share.</param>
    public static async Task<PostgresDatabase> CreateAsync(PostgresServer? server = null)
    {
        var database = new PostgresDatabase(server ?? await PostgresServer.SharedAsync(), "test_" + Guid.NewGuid().ToString("N"));
        await database.AdministrateAsync($"CREATE DATABASE {database.Name}");
        return database;
    }

    /// <summary>Opens a store.</summary>
    /// <param name="port">Another port that leads to the server.</param>
    /// <param name="change">Changes its options.</param>
    public PostgresStore Open(int? port = null, Action<PostgresStoreOptions>? change = null)
    {
        var options = new PostgresStoreOptions { ConnectionString = Server.Address(Name, port) };
        change?.Invoke(options);
        var store = new PostgresStore(options);
        _stores.Add(store);
        return store;
    }

    public async Task<PostgresStore> OpenMigratedAsync(int? port = null)
    {
        var store = Open(port);
        await store.MigrateAsync(CancellationToken.None);
        return store;
    }

    /// <summary>Runs a statement.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = await ConnectAsync(Address);
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>Reads the first column.</summary>
    public async Task<List<T>> ReadAsync<T>(string sql)
    {
        await using var connection = await ConnectAsync(Address);
        await using var command = new NpgsqlCommand(sql, connection);
        await using var reader = await command.ExecuteReaderAsync();
        var values = new List<T>();
        while (await reader.ReadAsync())
        {
            values.Add(reader.GetFieldValue<T>(0));
        }

        return values;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var store in _stores)
        {
            await store.DisposeAsync();
        }

        await AdministrateAsync($"DROP DATABASE {Name} WITH (FORCE)");
    }

    private static async Task<NpgsqlConnection> ConnectAsync(string address)
    {
        var connection = new NpgsqlConnection(address + ";Pooling=false");
        await connection.OpenAsync();
        return connection;
    }

    private async Task AdministrateAsync(string sql)
    {
        await using var connection = await ConnectAsync(Server.Address("postgres"));
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }
}
