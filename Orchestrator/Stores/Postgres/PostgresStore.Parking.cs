using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <summary>The node of attempts that are parked.</summary>
    internal const int Parked = 0;

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<WorkflowId, long>> ReadVersionsAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        var wanted = new NpgsqlParameter<Guid[]> { TypedValue = [.. ids.Select(id => id.Value)], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
        var versions = await _connections.RowsAsync("SELECT id, version FROM workflows WHERE id = ANY ($1)", [wanted], row => (Id: row.Id(0), Version: row.GetInt64(1)), cancellationToken);
        return versions.ToDictionary(row => row.Id, row => row.Version);
    }

    /// <inheritdoc />
    public async Task<long> ReadLastEventIdAsync(CancellationToken cancellationToken) =>
        (await _connections.RowsAsync("SELECT coalesce(max(id), 0) FROM events", [], row => row.GetInt64(0), cancellationToken))[0];

    /// <inheritdoc />
    public Task<int> ParkAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken) =>
        _connections.ExecuteAsync(PostgresParking.ParkTasks, [Number(node), .. PostgresParking.Arrays(tasks)], cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyCollection<TaskId>> ListWaitingAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken) =>
        await _connections.RowsAsync(PostgresParking.ListWaiting, [Number(node), .. PostgresParking.Arrays(tasks)], PostgresParking.ReadTaskId, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyCollection<TaskId>> ListOfferedAsync(int node, DateTimeOffset since, int limit, CancellationToken cancellationToken) =>
        await _connections.RowsAsync(PostgresParking.ListOffered, [Number(node), Time(since), Number(limit)], PostgresParking.ReadTaskId, cancellationToken);

    /// <inheritdoc />
    public Task<int> ParkAbandonedAsync(NodeRoll roll, int limit, CancellationToken cancellationToken)
    {
        var living = new NpgsqlParameter<int[]> { TypedValue = [.. roll.Living], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer };
        return _connections.ExecuteAsync(PostgresParking.ParkAbandoned, [living, Number(roll.Highest), Number(limit)], cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<ActiveAttempt>> TakeParkedAsync(int node, string? agentType, DateTimeOffset now, TimeSpan horizon, int limit, CancellationToken cancellationToken)
    {
        NpgsqlParameter[] parameters = [Number(node), Time(now + horizon), Time(now), Number(limit)];
        var taken = agentType is null
            ? await _connections.RowsAsync(TakeAny, parameters, ActiveAttempt, cancellationToken)
            : await _connections.RowsAsync(TakeOfType, [.. parameters, Text(agentType)], ActiveAttempt, cancellationToken);

        // An update gives its rows in whatever order it met them.
        return [.. taken.OrderByDescending(attempt => attempt.Priority).ThenBy(attempt => attempt.CreatedAt)];
    }

    private const string IsDue = """
        CASE status WHEN 'pending' THEN coalesce(available_at, '-infinity') <= $2 WHEN 'dispatched' THEN coalesce(deadline, '-infinity') <= $3 ELSE false END
        """;

    private const string Taken = $"ORDER BY priority DESC, created_at LIMIT $4 FOR UPDATE SKIP LOCKED) t WHERE {PostgresParking.IsNamed} RETURNING {ActiveColumns}";
    private const string TakeFrom = "UPDATE open_attempts a SET node = $1 FROM (SELECT workflow_id, stage, attempt FROM open_attempts WHERE node = 0";
    private const string TakeAny = $"{TakeFrom} AND {IsDue} {Taken}";
    private const string TakeOfType = $"{TakeFrom} AND agent_type = $5 AND {IsDue} {Taken}";
}
