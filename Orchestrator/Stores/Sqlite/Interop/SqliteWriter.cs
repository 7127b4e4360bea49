using System.Collections.Concurrent;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>
/// The one connection that writes, and the thread that owns it. Work that arrives while a transaction is being written goes together into the next one:
/// under load one fsync serves many callers.
/// </summary>
/// <remarks>
/// A thread of its own, because SQLite blocks while it waits for the disk, and the thread pool shall not. Each piece of work is all or nothing by itself:
/// when several share a transaction, each has a savepoint.
/// </remarks>
internal sealed class SqliteWriter : IDisposable
{
    private const int MaxWorkPerTransaction = 256;

    private readonly SqliteStoreOptions _options;
    private readonly BlockingCollection<Work> _queue = [];
    private readonly Thread _thread;
    private SqliteDatabase? _database;
    private bool _closed;

    public SqliteWriter(SqliteStoreOptions options)
    {
        _options = options;
        _thread = new Thread(WriteUntilClosed) { IsBackground = true, Name = "sqlite writer" };
        _thread.Start();
    }

    /// <summary>Does work in a transaction. On return what it wrote is durable.</summary>
    /// <param name="work">What to do with the connection. It must not begin or end transactions.</param>
    /// <param name="cancellationToken">Ends the call before the transaction began; never in the middle.</param>
    /// <exception cref="StoreUnavailableException">The database does not answer; nothing of the work was written, unless it failed in the very moment of the commit.</exception>
    /// <exception cref="StoreInvariantException">The work broke a constraint; nothing of it was written.</exception>
    public Task<T> RunAsync<T>(Func<SqliteDatabase, T> work, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return Task.FromCanceled<T>(cancellationToken);
        }

        var item = new Work<T>(work, cancellationToken);
        try
        {
            _queue.Add(item, CancellationToken.None);
        }
        catch (InvalidOperationException)
        {
            throw new ObjectDisposedException(nameof(SqliteStore));
        }

        return item.Task;
    }

    /// <summary>Finishes what is queued and closes the connection.</summary>
    public void Dispose()
    {
        if (!Interlocked.Exchange(ref _closed, true))
        {
            _queue.CompleteAdding();
            _thread.Join();
            _queue.Dispose();
        }
    }

    private void WriteUntilClosed()
    {
        var batch = new List<Work>();
        foreach (var first in _queue.GetConsumingEnumerable())
        {
            batch.Add(first);
            while (batch.Count < MaxWorkPerTransaction && _queue.TryTake(out var more))
            {
                batch.Add(more);
            }

            batch.RemoveAll(work => work.CancelWhenAsked());
            if (batch.Count > 0)
            {
                Write(batch);
            }

            batch.Clear();
        }

        _database?.Dispose();
    }

    private void Write(List<Work> batch)
    {
        try
        {
            _database ??= OpenMigrated();
            _database.BeginWrite();
            foreach (var work in batch)
            {
                Execute(_database, work, alone: batch.Count == 1);
            }

            _database.Commit();
        }
        catch (SqliteFailure failure)
        {
            Fail(batch, SqliteFailures.Translate(failure, _options.FilePath, _options), replaceConnection: SqliteFailures.EndsConnection(failure));
            return;
        }
        catch (StoreSchemaException refusal)
        {
            Fail(batch, refusal, replaceConnection: true);
            return;
        }

        foreach (var work in batch)
        {
            work.Answer();
        }
    }

    /// <summary>Does one piece. What only this piece did wrong is undone and answered; what concerns the whole database is thrown.</summary>
    private void Execute(SqliteDatabase database, Work work, bool alone)
    {
        if (!alone)
        {
            database.Statement("SAVEPOINT work").Run();
        }

        try
        {
            work.Execute(database);
        }
        catch (Exception wrong) when (wrong is not SqliteFailure { Primary: not SQLitePCL.raw.SQLITE_CONSTRAINT } && database.InTransaction)
        {
            database.ResetStatements();
            if (alone)
            {
                database.Rollback();
                database.BeginWrite();
            }
            else
            {
                database.Statement("ROLLBACK TO work").Run();
            }

            work.Refuse(wrong is SqliteFailure failure ? SqliteFailures.Translate(failure, _options.FilePath, _options) : wrong);
        }

        if (!alone)
        {
            database.Statement("RELEASE work").Run();
        }
    }

    private void Fail(List<Work> batch, Exception reason, bool replaceConnection)
    {
        try
        {
            _database?.ResetStatements();
            _database?.Rollback();
        }
        catch (SqliteFailure)
        {
            // What cannot even be rolled back is rolled back by closing it.
            replaceConnection = true;
        }

        if (replaceConnection)
        {
            _database?.Dispose();
            _database = null;
        }

        foreach (var work in batch)
        {
            work.Refuse(reason);
            work.Answer();
        }
    }

    private SqliteDatabase OpenMigrated()
    {
        var database = SqliteDatabase.OpenWriter(_options.FilePath, _options, create: false);
        try
        {
            SqliteSchema.Verify(database, _options.FilePath);
            return database;
        }
        catch (Exception refused) when (refused is StoreSchemaException or SqliteFailure)
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>One caller's work and its answer, which is given only after the commit.</summary>
    private abstract class Work(CancellationToken cancellationToken)
    {
        protected CancellationToken CancellationToken { get; } = cancellationToken;

        public abstract void Execute(SqliteDatabase database);

        public abstract void Refuse(Exception reason);

        public abstract bool CancelWhenAsked();

        public abstract void Answer();
    }

    private sealed class Work<T>(Func<SqliteDatabase, T> execute, CancellationToken cancellationToken) : Work(cancellationToken)
    {
        // Continuations run elsewhere: this thread has the next transaction to write.
        private readonly TaskCompletionSource<T> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;
        private Exception? _refusal;

        public Task<T> Task => _answer.Task;

        public override void Execute(SqliteDatabase database) => _result = execute(database);

        public override void Refuse(Exception reason) => _refusal ??= reason;

        public override bool CancelWhenAsked() => CancellationToken.IsCancellationRequested && _answer.TrySetCanceled(CancellationToken);

        public override void Answer()
        {
            if (_refusal is null)
            {
                _answer.TrySetResult(_result!);
            }
            else
            {
                _answer.TrySetException(_refusal);
            }
        }
    }
}
