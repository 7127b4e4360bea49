using System.Globalization;
using System.Net.Sockets;
using Npgsql;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>What a failure of PostgreSQL, or of the way to it, means for the port: cause and remedy in words. The server is named, its password never.</summary>
internal sealed class PostgresFailures(NpgsqlConnectionStringBuilder address)
{
    /// <summary>Host, port and database, for messages.</summary>
    public string Server { get; } =
        string.Create(CultureInfo.InvariantCulture, $"Postgres database '{address.Database}' on {address.Host}{(address.Host?.Contains(',', StringComparison.Ordinal) == true ? "" : $":{address.Port}")}");

    /// <summary>Whether a failure is one of the database, and not of this program.</summary>
    public static bool IsOne(Exception failure) => failure is NpgsqlException or TimeoutException or SocketException or IOException;

    /// <summary>Whether the sessions that there are will fail, too: the server ended them, takes no more writes on them, or forgot what was prepared on them.</summary>
    public static bool EndsSessions(Exception failure) => failure switch
    {
        PostgresException refused => refused.SqlState is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.DatabaseDropped
            or PostgresErrorCodes.ReadOnlySqlTransaction or PostgresErrorCodes.InvalidSqlStatementName || refused.SqlState.StartsWith("08", StringComparison.Ordinal),
        NpgsqlException { InnerException: IOException or SocketException } or IOException or SocketException => true,
        _ => false,
    };

    /// <summary>Whether the same again may succeed at once: the server undid the one to let another go on.</summary>
    public static bool IsWorthRepeating(Exception failure) =>
        failure is PostgresException { SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected };

    /// <summary>The exception of the port for a failure.</summary>
    public Exception Translate(Exception failure) => failure is PostgresException refused ? Translate(refused) : Unavailable(
        failure,
        failure is TimeoutException or { InnerException: TimeoutException } ? "does not answer in time" : "cannot be reached",
        "check that PostgreSQL runs and can be reached from here; work goes on when it does");

    private Exception Translate(PostgresException refused) => refused.SqlState switch
    {
        ['2', '3', ..] or ['2', '2', ..] or ['2', '1', ..] => new StoreInvariantException(
            $"The store refused the batch and wrote nothing of it: {Words(refused)}. This is a defect of the caller, not of the database.", refused),
        PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow or PostgresErrorCodes.DatabaseDropped =>
            Unavailable(refused, "is stopping or starting", "wait until PostgreSQL is back; work goes on then"),
        PostgresErrorCodes.TooManyConnections => Unavailable(
            refused, "has no connection left", "raise max_connections of PostgreSQL, or lower Postgres:MaxConnections of the orchestrators"),
        PostgresErrorCodes.DiskFull => Unavailable(refused, "has no space left on its disk", "free some space there; work goes on then"),
        PostgresErrorCodes.ReadOnlySqlTransaction => Unavailable(refused, "is read-only", "point ConnectionStrings:stackdb to the primary server"),
        PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification => Unavailable(
            refused, $"refuses user '{address.Username}'", "check Username and Password of ConnectionStrings:stackdb, and the server's pg_hba.conf"),
        PostgresErrorCodes.InvalidCatalogName => Unavailable(refused, "does not exist", $"make it: createdb {address.Database}"),
        PostgresErrorCodes.InsufficientPrivilege => Unavailable(
            refused, $"does not let user '{address.Username}' do this", "make that user the owner of the database, or grant it CREATE and USAGE on its schema"),
        PostgresErrorCodes.InvalidSchemaName => Unavailable(
            refused, "has no schema to make tables in", "make the schema that the search_path of the user names, or name another one in ConnectionStrings:stackdb (Search Path=SCHEMA)"),
        PostgresErrorCodes.UndefinedTable or PostgresErrorCodes.UndefinedFunction => Unavailable(
            refused, "does not have the tables that this program needs", "migrate the store before its first use, and check the search_path of the user"),
        ['2', '5', 'P', ..] or ['2', '6', ..] => Unavailable(refused, "ended the session", "work goes on with another one; see the server's log"),
        ['0', '8', ..] or ['5', ..] or ['4', '0', ..] or ['X', ..] or ['F', ..] => Unavailable(refused, "did not do what was asked", "see the server's log; work goes on when it can"),
        _ => new InvalidOperationException($"PostgreSQL refused a statement on {Server} ({refused.SqlState}): {Words(refused)}.", refused),
    };

    /// <summary>The server is there and does nothing for us.</summary>
    public StoreUnavailableException Silent(Exception? cause) => Unavailable(cause, "does not answer", "check that PostgreSQL runs and can be reached from here; work goes on when it does");

    private StoreUnavailableException Unavailable(Exception? failure, string what, string remedy) => new(
        $"The store is not available: {Server} {what}{(failure is null ? "" : $" ({(failure is PostgresException refused ? $"{refused.SqlState}: {Words(refused)}" : Deepest(failure).Message.TrimEnd('.', ' '))})")}. Remedy: {remedy}.",
        failure);

    private static string Words(PostgresException refused) =>
        refused.ConstraintName is { Length: > 0 } constraint ? $"{refused.MessageText} [{refused.TableName}, {constraint}]" : refused.MessageText;

    private static Exception Deepest(Exception failure) => failure is not SocketException && failure.InnerException is { } inner ? Deepest(inner) : failure;
}
