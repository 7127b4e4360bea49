using Npgsql;
using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Reads the columns of a row in the program's types.</summary>
internal static class PostgresRows
{
    public static WorkflowId Id(this NpgsqlDataReader row, int column) => new(row.GetGuid(column));

    public static string? TextOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);

    public static int? NumberOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.GetInt32(column);

    public static DateTimeOffset Time(this NpgsqlDataReader row, int column) => new(row.GetDateTime(column), TimeSpan.Zero);

    public static DateTimeOffset? TimeOrNull(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : row.Time(column);

    public static JsonPayload? Json(this NpgsqlDataReader row, int column) => row.IsDBNull(column) ? null : JsonPayload.FromTrustedUtf8(row.GetFieldValue<byte[]>(column));

    public static T? Json<T>(this NpgsqlDataReader row, int column)
        where T : class => row.Json(column)?.To<T>();
}
