using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>The statements that change who offers an attempt.</summary>
internal static class PostgresParking
{
    /// <summary>Joins attempts <c>a</c> with the named ones <c>t</c>.</summary>
    public const string IsNamed = "a.workflow_id = t.workflow_id AND a.stage = t.stage AND a.attempt = t.attempt";

    /// <summary>Parks what waits of the attempts of a node that are named.</summary>
    public const string ParkTasks = $"UPDATE open_attempts a SET node = 0 FROM {Named} WHERE {IsNamed} AND {Waits} AND a.node = $1";

    /// <summary>Finds what waits of the attempts of a node that are named.</summary>
    public const string ListWaiting = $"SELECT a.workflow_id, a.stage, a.attempt FROM open_attempts a, {Named} WHERE {IsNamed} AND {Waits} AND a.node = $1";

    /// <summary>Finds what has been a node's to offer for some time.</summary>
    public const string ListOffered = """
        SELECT workflow_id, stage, attempt FROM open_attempts
        WHERE node = $1 AND status = 'pending' AND created_at < $2 AND coalesce(available_at, '-infinity') < $2 LIMIT $3
        """;

    /// <summary>Parks what waits for nodes that are not there.</summary>
    public const string ParkAbandoned = $"""
        UPDATE open_attempts a SET node = 0
        FROM (SELECT workflow_id, stage, attempt FROM open_attempts a WHERE {Waits} AND a.node <> 0 AND a.node <> ALL ($1) AND a.node <= $2 LIMIT $3 FOR UPDATE SKIP LOCKED) t
        WHERE {IsNamed}
        """;

    private const string Named = "unnest($2, $3, $4) t (workflow_id, stage, attempt)";
    private const string Waits = "a.status IN ('pending', 'dispatched')";
    private const string Claim = $"UPDATE open_attempts a SET node = $1 FROM {Named} WHERE {IsNamed} AND {Waits} RETURNING a.workflow_id, a.stage, a.attempt";

    /// <summary>Names of attempts as three parameters.</summary>
    public static IEnumerable<NpgsqlParameter> Arrays(IReadOnlyCollection<TaskId> tasks) =>
    [
        new NpgsqlParameter<Guid[]> { TypedValue = [.. tasks.Select(task => task.WorkflowId.Value)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid },
        new NpgsqlParameter<string[]> { TypedValue = [.. tasks.Select(task => task.Stage)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text },
        new NpgsqlParameter<int[]> { TypedValue = [.. tasks.Select(task => task.Attempt)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer },
    ];

    /// <summary>Gives attempts that wait to a node, within the transaction that is open.</summary>
    /// <returns>Those that waited.</returns>
    public static async Task<IReadOnlyCollection<TaskId>> ClaimAsync(NpgsqlConnection connection, int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(Claim, connection);
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = node, NpgsqlDbType = NpgsqlDbType.Integer });
        command.Parameters.AddRange(Arrays(tasks).ToArray());
        var claimed = new List<TaskId>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            claimed.Add(ReadTaskId(reader));
        }

        return claimed;
    }

    /// <summary>Reads the name of an attempt from a row's first three columns.</summary>
    public static TaskId ReadTaskId(NpgsqlDataReader row) => new(row.Id(0), row.GetString(1), row.GetInt32(2));
}
