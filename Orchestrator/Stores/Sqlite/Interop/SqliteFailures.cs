using System.Globalization;
using SQLitePCL;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>What a failure of SQLite means for the port: cause and remedy in words.</summary>
internal static class SqliteFailures
{
    /// <summary>The exception of the port for a failure.</summary>
    public static Exception Translate(SqliteFailure failure, string path, SqliteStoreOptions options) => failure.Primary switch
    {
        raw.SQLITE_CONSTRAINT => new StoreInvariantException(
            $"The store refused the batch and wrote nothing of it: {failure.Message}. This is a defect of the caller, not of the database.", failure),
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => Unavailable(
            failure, $"'{path}' has been locked by another program for {Seconds(options.BusyTimeout)} s",
            "stop whatever holds it: a second orchestrator on the same data directory, a backup, or a sqlite3 shell inside a transaction"),
        raw.SQLITE_FULL => Unavailable(failure, $"the disk of '{path}' is full ({FreeMegabytes(path)} MiB free)", "free some space there; nothing was written, and the next call works then"),
        raw.SQLITE_IOERR => Unavailable(
            failure, $"'{path}' could not be read or written ({FreeMegabytes(path)} MiB free on its disk)", "check that disk: its health, its free space, and that it is still mounted"),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Unavailable(
            failure, $"'{path}' is damaged, or is no SQLite database", "stop the orchestrator and put a backup in its place, or move the file away to begin afresh"),
        raw.SQLITE_CANTOPEN => Unavailable(
            failure, $"'{path}' cannot be opened", "check that the data directory exists, that this user may write to it, and that the store was migrated once"),
        raw.SQLITE_READONLY or raw.SQLITE_PERM or raw.SQLITE_AUTH => Unavailable(
            failure, $"'{path}' cannot be written", "give this user the right to write to the file and to its directory, and check that the disk is not mounted read-only"),
        raw.SQLITE_NOMEM => Unavailable(failure, $"there is not enough memory to work on '{path}'", "give the process more memory"),
        _ => new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"SQLite refused a statement on '{path}' ({failure.Code}): {failure.Message}."), failure),
    };

    /// <summary>Whether a connection that met this failure is better replaced by a new one.</summary>
    public static bool EndsConnection(SqliteFailure failure) =>
        failure.Primary is not (raw.SQLITE_CONSTRAINT or raw.SQLITE_BUSY or raw.SQLITE_LOCKED or raw.SQLITE_FULL);

    private static StoreUnavailableException Unavailable(SqliteFailure failure, string cause, string remedy) => new(
        string.Create(CultureInfo.InvariantCulture, $"The store is not available: {cause} (SQLite {failure.Code}: {failure.Message}). Remedy: {remedy}."), failure);

    private static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);

    private static string FreeMegabytes(string path)
    {
        try
        {
            return (new DriveInfo(Path.GetFullPath(path)).AvailableFreeSpace >> 20).ToString(CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return "unknown";
        }
    }
}
