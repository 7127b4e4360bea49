using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>
/// The embedded store: one SQLite file, <c>work.db</c> in the data directory, for one orchestrator. All writes go through one connection and thread (<see cref="SqliteWriter"/>);
/// reads have their own connections and never wait for writes.
/// </summary>
internal sealed partial class SqliteStore : IWorkflowStore, IDefinitionStore, IDeploymentStore, ILedgerStore, IModelJournal, IEvidenceStore, IDisposable
{
    private readonly SqliteStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly SqliteReaders _readers;
    private readonly SqliteWriter _writer;

    public SqliteStore(SqliteStoreOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _readers = new SqliteReaders(options);
        _writer = new SqliteWriter(options);
    }

    /// <inheritdoc />
    public async Task MigrateAsync(CancellationToken cancellationToken)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_options.FilePath)!);
            await Task.Run(() => SqliteSchema.Migrate(_options, _time.GetUtcNow()), cancellationToken);
        }
        catch (SqliteFailure failure)
        {
            throw SqliteFailures.Translate(failure, _options.FilePath, _options);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new StoreUnavailableException(
                $"The data directory '{_options.DataDirectory}' cannot be made: {refused.Message} Remedy: give another one (Sqlite:DataDirectory), or the right to make it.", refused);
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _readers.Dispose();
        _writer.Dispose();
    }

    /// <summary>Does something with the writing connection; for tests that need to see or hurt it.</summary>
    internal Task<T> WriteAsync<T>(Func<SqliteDatabase, T> work, CancellationToken cancellationToken) => _writer.RunAsync(work, cancellationToken);
}
