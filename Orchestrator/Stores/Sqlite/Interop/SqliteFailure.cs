namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>SQLite said no. Stays inside the adapter, which translates it at its boundary (<see cref="SqliteFailures"/>).</summary>
/// <param name="code">The extended result code.</param>
/// <param name="message">SQLite's words.</param>
internal sealed class SqliteFailure(int code, string message) : Exception(message)
{
    /// <summary>The extended result code.</summary>
    public int Code => code;

    /// <summary>The primary result code: the lowest byte.</summary>
    public int Primary => code & 0xFF;
}
