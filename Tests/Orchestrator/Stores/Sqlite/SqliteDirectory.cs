using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

/// <summary>A data directory of one test, and the stores that it opened there.</summary>
internal sealed class SqliteDirectory : IDisposable
{
    private readonly List<SqliteStore> _stores = [];

    public string Path { get; } = Directory.CreateTempSubdirectory("sqlite-store-").FullName;

    public string File => System.IO.Path.Combine(Path, SqliteStoreOptions.FileName);

    public SqliteStore Open(TimeSpan? busyTimeout = null)
    {
        var store = new SqliteStore(new SqliteStoreOptions { DataDirectory = Path, BusyTimeout = busyTimeout ?? TimeSpan.FromSeconds(5) }, TimeProvider.System);
        _stores.Add(store);
        return store;
    }

    public async Task<SqliteStore> OpenMigratedAsync(TimeSpan? busyTimeout = null)
    {
        var store = Open(busyTimeout);
        await store.MigrateAsync(CancellationToken.None);
        return store;
    }

    public void Dispose()
    {
        _stores.ForEach(store => store.Dispose());
        Directory.Delete(Path, recursive: true);
    }
}
