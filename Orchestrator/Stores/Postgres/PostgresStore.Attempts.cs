using Npgsql;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<StoredAttempt>> ListAttemptsAsync(AttemptQuery query, CancellationToken cancellationToken)
    {
        var before = query.Before ?? new TaskId(AfterAllIds, "", 0);
        NpgsqlParameter[] parameters =
        [
            Uuid(before.WorkflowId), Text(before.Stage), Number(before.Attempt), Number(query.Limit),
            new() { Value = query.WorkflowId?.Value ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlTypes.NpgsqlDbType.Uuid },
            Text(query.Status is { } status ? StatusNames.Of(status) : null), Text(query.AgentType),
        ];
        return await _connections.RowsAsync(SelectFor(query), parameters, row => Attempt(row, output: null), cancellationToken);
    }

    /// <inheritdoc />
    public Task<StoredAttempt?> FindAttemptAsync(TaskId id, CancellationToken cancellationToken) => _connections.FirstAsync(
        SelectAttempt, [Uuid(id.WorkflowId), Text(PostgresText.Storable(id.Stage)), Number(id.Attempt)], row => Attempt(row, output: row.Json(20)), cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<ActiveAttempt>> ListActiveAttemptsAsync(TaskId? after, int limit, CancellationToken cancellationToken) => await _connections.RowsAsync(
        SelectActive,
        [Uuid(after?.WorkflowId ?? default), Text(after?.Stage ?? ""), Number(after?.Attempt ?? 0), Number(limit)],
        ActiveAttempt,
        cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<ActiveAttempt>> ListOverdueAttemptsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        await _connections.RowsAsync(SelectOverdue, [Time(now), Number(limit)], ActiveAttempt, cancellationToken);

    /// <inheritdoc />
    public Task<int> RestartLeasesAsync(DateTimeOffset until, CancellationToken cancellationToken) =>
        _connections.ExecuteAsync("UPDATE open_attempts SET lease_expires_at = $1 WHERE status = 'running' AND lease_expires_at <> $1", [Time(until)], cancellationToken);

    /// <inheritdoc />
    public async Task<StoreCounts> CountAsync(CancellationToken cancellationToken)
    {
        var counts = await _connections.RowsAsync(CountAll, [], row => (Type: row.TextOrNull(0), Status: row.GetString(1), Count: row.GetInt64(2)), cancellationToken);
        return new StoreCounts(
            counts.Where(row => row.Type is null).ToDictionary(row => StatusNames.WorkflowStatus(row.Status), row => row.Count),
            counts.Where(row => row.Type is not null).ToDictionary(row => (row.Type!, StatusNames.AttemptStatus(row.Status)), row => row.Count));
    }

    /// <summary>What is not over, what is, or both.</summary>
    private static string SelectFor(AttemptQuery query) => query switch
    {
        { Status: { } status } when !status.IsOver() => $"{SelectOpen} {Filters} {Newest}",
        { WorkflowId: not null } => $"SELECT * FROM ({SelectOver} {Filters} AND a.workflow_id = $5 UNION ALL {SelectOpen} {Filters} AND a.workflow_id = $5) a {Newest}",
        { Status: not (null or AttemptStatus.Completed) } => $"{SelectOver} {Filters} AND a.status <> 'completed' AND (a.status, a.workflow_id) <= ($6, $1) AND a.status >= $6 "
            + "ORDER BY a.status DESC, a.workflow_id DESC, a.stage DESC, a.attempt DESC LIMIT $4",
        { AgentType: not null } => $"SELECT * FROM (({OverOfAgentType}) UNION ALL ({SelectOpen} {Filters} {Newest})) a {Newest}",
        _ => $"SELECT * FROM (({SelectOver} {Filters} {Newest}) UNION ALL ({SelectOpen} {Filters} {Newest})) a {Newest}",
    };

    private static ActiveAttempt ActiveAttempt(NpgsqlDataReader row) => new(
        new TaskId(row.Id(0), row.GetString(1), row.GetInt32(2)),
        StatusNames.AttemptStatus(row.GetString(3)),
        row.GetString(4),
        (Priority)row.GetInt16(5),
        row.Time(6),
        row.TimeOrNull(7),
        row.TextOrNull(8) is { } agent ? new AgentId(agent) : null,
        row.TimeOrNull(9),
        row.TimeOrNull(10));

    private static StoredAttempt Attempt(NpgsqlDataReader row, JsonPayload? output) => new()
    {
        Attempt = ActiveAttempt(row),
        StartedAt = row.TimeOrNull(11),
        FinishedAt = row.TimeOrNull(12),
        Message = row.TextOrNull(13),
        ProgressPercent = row.NumberOrNull(14),
        Iteration = row.NumberOrNull(15),
        Usage = row.Json<Usage>(16),
        Error = row.Json<StructuredError>(17),
        Commit = row.TextOrNull(18),
        Extras = row.Json(19),
        Output = output,
    };

    private const string ActiveColumns = "a.workflow_id, a.stage, a.attempt, a.status, a.agent_type, a.priority, a.created_at, a.available_at, a.agent_id, a.lease_expires_at, a.deadline";

    private const string OpenColumns =
        $"{ActiveColumns}, a.started_at, NULL::timestamptz AS finished_at, a.message, a.progress, a.iteration, NULL::text AS usage, NULL::text AS error, NULL::text AS git_commit, NULL::text AS extras";

    private const string OverColumns = """
        a.workflow_id, a.stage, a.attempt, a.status, a.agent_type, a.priority, a.created_at, a.available_at, a.agent_id, NULL::timestamptz AS lease_expires_at, a.deadline,
        a.started_at, a.finished_at, a.message, a.progress, a.iteration, a.usage, a.error, a.git_commit, a.extras
        """;

    private const string SelectOpen = $"SELECT {OpenColumns} FROM open_attempts a";
    private const string SelectOver = $"SELECT {OverColumns} FROM attempts a";

    private const string Filters = """
        WHERE a.workflow_id <= $1 AND (a.workflow_id, a.stage, a.attempt) < ($1, $2, $3)
            AND ($5 IS NULL OR a.workflow_id = $5) AND ($6 IS NULL OR a.status = $6) AND ($7 IS NULL OR a.agent_type = $7)
        """;

    private const string Newest = "ORDER BY workflow_id DESC, stage DESC, attempt DESC LIMIT $4";

    /// <summary>Compared and sorted so that only the index of agent types can answer: the planner would guess how many there are, and how new.</summary>
    private const string OverOfAgentType = $"""
        {SelectOver} {Filters} AND (a.agent_type, a.workflow_id) <= ($7, $1) AND a.agent_type >= $7
        ORDER BY a.agent_type DESC, a.workflow_id DESC, a.stage DESC, a.attempt DESC LIMIT $4
        """;

    private const string SelectAttempt = $"""
        SELECT {OpenColumns}, NULL::text AS output FROM open_attempts a WHERE a.workflow_id = $1 AND a.stage = $2 AND a.attempt = $3
        UNION ALL
        SELECT {OverColumns}, coalesce(a.output, b.content) FROM attempts a LEFT JOIN blobs b ON b.sha256 = a.output_sha256 WHERE a.workflow_id = $1 AND a.stage = $2 AND a.attempt = $3
        """;

    private const string SelectActive =
        $"SELECT {ActiveColumns} FROM open_attempts a WHERE (a.workflow_id, a.stage, a.attempt) > ($1, $2, $3) ORDER BY a.workflow_id, a.stage, a.attempt LIMIT $4";

    private const string SelectOverdue = $"""
        SELECT {ActiveColumns} FROM open_attempts a
        WHERE a.status = 'running' AND least(a.lease_expires_at, a.deadline) <= $1
        ORDER BY least(a.lease_expires_at, a.deadline), a.workflow_id, a.stage, a.attempt LIMIT $2
        """;

    private const string CountAll = """
        SELECT NULL AS agent_type, status, sum(workflows)::bigint FROM workflow_counts GROUP BY status HAVING sum(workflows) > 0
        UNION ALL
        SELECT agent_type, status, count(*) FROM open_attempts GROUP BY agent_type, status
        """;
}
