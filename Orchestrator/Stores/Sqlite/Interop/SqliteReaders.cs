using System.Collections.Concurrent;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>Connections that only read. Each read has one to itself and sees one snapshot: everything committed before it began, and nothing later.</summary>
internal sealed class SqliteReaders(SqliteStoreOptions options) : IDisposable
{
    private readonly SemaphoreSlim _free = new(options.MaxReaders, options.MaxReaders);
    private readonly ConcurrentBag<SqliteDatabase> _idle = [];
    private volatile bool _closed;

    /// <summary>Reads. Waits for a free connection; the read itself runs on the caller's thread, as most take well under a millisecond.</summary>
    /// <param name="read">What to read.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="StoreUnavailableException">The database does not answer.</exception>
    public async Task<T> ReadAsync<T>(Func<SqliteDatabase, T> read, CancellationToken cancellationToken)
    {
        ObjectDisposedException.ThrowIf(_closed, typeof(SqliteStore));
        await _free.WaitAsync(cancellationToken);
        try
        {
            return Read(read);
        }
        catch (SqliteFailure failure)
        {
            throw SqliteFailures.Translate(failure, options.FilePath, options);
        }
        finally
        {
            _free.Release();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _closed = true;
        while (_idle.TryTake(out var database))
        {
            database.Dispose();
        }
    }

    private T Read<T>(Func<SqliteDatabase, T> read)
    {
        if (!_idle.TryTake(out var database))
        {
            database = SqliteDatabase.OpenReader(options.FilePath, options);
        }

        var sound = false;
        try
        {
            if (!database.Verified)
            {
                SqliteSchema.Verify(database, options.FilePath);
                database.Verified = true;
            }

            database.BeginRead();
            var result = read(database);
            database.Commit();
            sound = true;
            return result;
        }
        finally
        {
            // A connection that met a failure may still hold its snapshot: it is closed, and the next read opens another.
            if (sound && !_closed)
            {
                _idle.Add(database);
            }
            else
            {
                database.Dispose();
            }
        }
    }
}
