using System.Globalization;
using SQLitePCL;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>An open database and the statements that were prepared on it. Used by one thread at a time.</summary>
internal sealed class SqliteDatabase : IDisposable
{
    private readonly sqlite3 _handle;

    // Statements are constants of the program, so the reference tells them apart: no hashing of long texts on the hot path.
    private readonly Dictionary<string, SqliteStatement> _statements = new(ReferenceEqualityComparer.Instance);

    static SqliteDatabase() => Batteries_V2.Init();

    private SqliteDatabase(sqlite3 handle) => _handle = handle;

    /// <summary>Whether a transaction is open.</summary>
    public bool InTransaction => raw.sqlite3_get_autocommit(_handle) == 0;

    /// <summary>The key of the row that was inserted last.</summary>
    public long LastInsertedRow => raw.sqlite3_last_insert_rowid(_handle);

    /// <summary>Whether its schema was found to fit the program.</summary>
    public bool Verified { get; set; }

    /// <summary>Opens the connection that writes.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How.</param>
    /// <param name="create">Whether to make the file when it is not there.</param>
    public static SqliteDatabase OpenWriter(string path, SqliteStoreOptions options, bool create)
    {
        var database = Open(path, raw.SQLITE_OPEN_READWRITE | (create ? raw.SQLITE_OPEN_CREATE : 0), options);
        try
        {
            // FULL: every commit is on the disk before it is answered; with WAL that is one fsync.
            database.Execute("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;");
            database.Execute(string.Create(
                CultureInfo.InvariantCulture, $"PRAGMA cache_size = -{options.CacheMegabytes * 1024}; PRAGMA wal_autocheckpoint = {options.CheckpointPages};"));
            return database;
        }
        catch (SqliteFailure)
        {
            database.Dispose();
            throw;
        }
    }

    /// <summary>Opens a connection that only reads.</summary>
    /// <param name="path">The file.</param>
    /// <param name="options">How.</param>
    public static SqliteDatabase OpenReader(string path, SqliteStoreOptions options) => Open(path, raw.SQLITE_OPEN_READONLY, options);

    /// <summary>The prepared form of a statement; prepared on first use, then kept.</summary>
    /// <param name="sql">A constant.</param>
    public SqliteStatement Statement(string sql)
    {
        if (!_statements.TryGetValue(sql, out var statement))
        {
            var code = raw.sqlite3_prepare_v3(_handle, sql, raw.SQLITE_PREPARE_PERSISTENT, out var handle);
            Check(code);
            statement = new SqliteStatement(_handle, handle);
            _statements.Add(sql, statement);
        }

        return statement;
    }

    /// <summary>Runs statements that are run once: pragmas and migrations.</summary>
    /// <param name="sql">The statements.</param>
    public void Execute(string sql) => Check(raw.sqlite3_exec(_handle, sql));

    /// <summary>Switches to the write-ahead log, which the file remembers. Another program may be about to do the same.</summary>
    public void UseWriteAheadLog()
    {
        const int Tries = 10;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Execute("PRAGMA journal_mode = WAL");
                return;
            }
            catch (SqliteFailure failure) when (failure.Primary == raw.SQLITE_BUSY && attempt < Tries)
            {
                // The switch does not wait for locks; beginning to write does.
                BeginWrite();
                Rollback();
            }
        }
    }

    /// <summary>Begins a transaction that may write; waits for other programs' writes up to the busy timeout.</summary>
    public void BeginWrite() => Statement("BEGIN IMMEDIATE").Run();

    /// <summary>Begins a transaction that reads: it sees what was committed before its first read, and nothing later.</summary>
    public void BeginRead() => Statement("BEGIN").Run();

    /// <summary>Makes what was written durable.</summary>
    public void Commit() => Statement("COMMIT").Run();

    /// <summary>Takes back what was written; does nothing when SQLite has done so by itself.</summary>
    public void Rollback()
    {
        if (InTransaction)
        {
            Statement("ROLLBACK").Run();
        }
    }

    /// <summary>Makes all statements ready for their next run, whatever interrupted them.</summary>
    public void ResetStatements()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Reset();
        }
    }

    /// <inheritdoc />
    public void Dispose()
    {
        foreach (var statement in _statements.Values)
        {
            statement.Dispose();
        }

        _statements.Clear();
        _handle.Dispose();
    }

    private static SqliteDatabase Open(string path, int flags, SqliteStoreOptions options)
    {
        // One thread at a time uses a connection, so SQLite need not lock it.
        var code = raw.sqlite3_open_v2(path, out var handle, flags | raw.SQLITE_OPEN_NOMUTEX, null);
        if (code != raw.SQLITE_OK)
        {
            var message = handle is null ? "out of memory" : raw.sqlite3_errmsg(handle).utf8_to_string();
            handle?.Dispose();
            throw new SqliteFailure(code, message);
        }

        raw.sqlite3_extended_result_codes(handle, 1);
        raw.sqlite3_busy_timeout(handle, (int)options.BusyTimeout.TotalMilliseconds);
        return new SqliteDatabase(handle!);
    }

    private void Check(int code)
    {
        if (code != raw.SQLITE_OK)
        {
            throw new SqliteFailure(raw.sqlite3_extended_errcode(_handle), raw.sqlite3_errmsg(_handle).utf8_to_string());
        }
    }
}
