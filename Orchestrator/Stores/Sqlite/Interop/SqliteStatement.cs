using System.Text;
using SQLitePCL;
using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>
/// A prepared statement that is used again and again by one thread at a time. Parameters are bound in the order of the calls; a run resets it.
/// </summary>
/// <remarks>
/// The hot path is a few bytes per column at tens of thousands of rows per second: this binds and reads without the boxing and the parameter objects of ADO.NET.
/// </remarks>
internal sealed class SqliteStatement : IDisposable
{
    private readonly sqlite3 _database;
    private readonly sqlite3_stmt _statement;
    private int _bound;

    /// <summary>Takes over a prepared statement.</summary>
    public SqliteStatement(sqlite3 database, sqlite3_stmt statement)
    {
        _database = database;
        _statement = statement;
    }

    /// <summary>Binds the next parameter.</summary>
    public SqliteStatement Bind(long value) => Check(raw.sqlite3_bind_int64(_statement, ++_bound, value));

    /// <summary>Binds the next parameter; null is NULL.</summary>
    public SqliteStatement Bind(long? value) => value is { } given ? Bind(given) : BindNull();

    /// <summary>Binds the next parameter; null is NULL.</summary>
    public SqliteStatement Bind(DateTimeOffset? value) => value is { } given ? Bind(given.UtcTicks) : BindNull();

    /// <summary>Binds the next parameter as 16 bytes that sort by time.</summary>
    public SqliteStatement Bind(WorkflowId value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.Value.TryWriteBytes(bytes, bigEndian: true, out _);
        return BindBlob(bytes);
    }

    /// <summary>Binds the next parameter; null is NULL.</summary>
    public SqliteStatement Bind(string? value)
    {
        if (value is null)
        {
            return BindNull();
        }

        if (value.Length > 512)
        {
            return BindUtf8(Encoding.UTF8.GetBytes(value));
        }

        Span<byte> bytes = stackalloc byte[Encoding.UTF8.GetMaxByteCount(value.Length)];
        return BindUtf8(bytes[..Encoding.UTF8.GetBytes(value, bytes)]);
    }

    /// <summary>Binds the next parameter as text; null is NULL.</summary>
    public SqliteStatement Bind(JsonPayload? value) => value is null ? BindNull() : BindUtf8(value.Utf8.Span);

    /// <summary>Binds UTF-8 bytes as text.</summary>
    public SqliteStatement BindUtf8(ReadOnlySpan<byte> value) =>
        // An empty span has no address, which SQLite would take for NULL.
        value.IsEmpty ? Check(raw.sqlite3_bind_text(_statement, ++_bound, "")) : Check(raw.sqlite3_bind_text(_statement, ++_bound, value));

    /// <summary>Binds bytes.</summary>
    public SqliteStatement BindBlob(ReadOnlySpan<byte> value) =>
        value.IsEmpty ? Check(raw.sqlite3_bind_zeroblob(_statement, ++_bound, 0)) : Check(raw.sqlite3_bind_blob(_statement, ++_bound, value));

    /// <summary>Binds NULL.</summary>
    public SqliteStatement BindNull() => Check(raw.sqlite3_bind_null(_statement, ++_bound));

    /// <summary>Goes to the next row. False: there is none, and the statement is reset.</summary>
    public bool Step()
    {
        var code = raw.sqlite3_step(_statement);
        if (code == raw.SQLITE_ROW)
        {
            return true;
        }

        if (code != raw.SQLITE_DONE)
        {
            var failure = new SqliteFailure(raw.sqlite3_extended_errcode(_database), raw.sqlite3_errmsg(_database).utf8_to_string());
            Reset();
            throw failure;
        }

        Reset();
        return false;
    }

    /// <summary>Runs a statement that gives no rows, and resets it.</summary>
    /// <returns>How many rows it changed, triggers not counted.</returns>
    public int Run()
    {
        while (Step())
        {
            // A pragma may answer; nobody asked.
        }

        return raw.sqlite3_changes(_database);
    }

    /// <summary>Whether there is a first row; resets the statement.</summary>
    public bool Any()
    {
        var any = Step();
        Reset();
        return any;
    }

    /// <summary>The first column of the first row, or the given value when there is none; resets the statement.</summary>
    public long Scalar(long otherwise = 0)
    {
        var value = Step() ? Int64(0) : otherwise;
        Reset();
        return value;
    }

    /// <summary>All rows; resets the statement.</summary>
    public List<T> Rows<T>(Func<SqliteStatement, T> read)
    {
        var rows = new List<T>();
        while (Step())
        {
            rows.Add(read(this));
        }

        return rows;
    }

    /// <summary>The first row, or null; resets the statement.</summary>
    public T? First<T>(Func<SqliteStatement, T> read)
        where T : class
    {
        var row = Step() ? read(this) : null;
        Reset();
        return row;
    }

    /// <summary>Makes it ready for the next run.</summary>
    public void Reset()
    {
        _bound = 0;
        // The code that this returns is the one that the last step has returned already.
        raw.sqlite3_reset(_statement);
    }

    /// <summary>Whether a column is NULL.</summary>
    public bool IsNull(int column) => raw.sqlite3_column_type(_statement, column) == raw.SQLITE_NULL;

    /// <summary>A column as a number.</summary>
    public long Int64(int column) => raw.sqlite3_column_int64(_statement, column);

    /// <summary>A column as a number.</summary>
    public int Int32(int column) => raw.sqlite3_column_int(_statement, column);

    /// <summary>A column as a number; NULL is null.</summary>
    public int? Int32OrNull(int column) => IsNull(column) ? null : Int32(column);

    /// <summary>A column as a time.</summary>
    public DateTimeOffset Time(int column) => new(Int64(column), TimeSpan.Zero);

    /// <summary>A column as a time; NULL is null.</summary>
    public DateTimeOffset? TimeOrNull(int column) => IsNull(column) ? null : Time(column);

    /// <summary>A column as text.</summary>
    public string Text(int column) => Encoding.UTF8.GetString(Utf8(column));

    /// <summary>A column as text; NULL is null.</summary>
    public string? TextOrNull(int column) => IsNull(column) ? null : Text(column);

    /// <summary>A column's bytes, valid until the next step. Text is UTF-8 as the database is.</summary>
    public ReadOnlySpan<byte> Utf8(int column) => raw.sqlite3_column_blob(_statement, column);

    /// <summary>A column as JSON; NULL is null.</summary>
    public JsonPayload? Json(int column) => IsNull(column) ? null : JsonPayload.FromTrustedUtf8(Utf8(column).ToArray());

    /// <summary>A column as an id.</summary>
    public WorkflowId Id(int column) => new(new Guid(Utf8(column), bigEndian: true));

    /// <inheritdoc />
    public void Dispose() => _statement.Dispose();

    private SqliteStatement Check(int code) => code == raw.SQLITE_OK
        ? this
        : throw new SqliteFailure(code, raw.sqlite3_errmsg(_database).utf8_to_string());
}
