using System.Text.Json;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<IReadOnlyList<StoredAttempt>> ListAttemptsAsync(AttemptQuery query, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<StoredAttempt>>(
            database =>
            {
                // Numbered parameters: the workflow, what the page before ended with (three), the filters, the limit.
                var select = database.Statement(SelectFor(query));
                select = query.WorkflowId is { } id ? select.Bind(id) : select.BindNull();
                select = query.Before is { } before
                    ? select.Bind(before.WorkflowId).Bind(before.Stage).Bind(before.Attempt)
                    : select.BindBlob(AfterAllIds).Bind("").Bind(0);
                return select.Bind(query.Status is { } status ? StatusNames.Of(status) : null).Bind(query.AgentType).Bind(query.Limit).Rows(row => Attempt(row, output: null));
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<StoredAttempt?> FindAttemptAsync(TaskId id, CancellationToken cancellationToken) =>
        _readers.ReadAsync(
            database => database.Statement(SelectAttempt).Bind(id.WorkflowId).Bind(id.Stage).Bind(id.Attempt).First(row => Attempt(row, output: row.Json(19))),
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ActiveAttempt>> ListActiveAttemptsAsync(TaskId? after, int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<ActiveAttempt>>(
            database => database.Statement(SelectActive).Bind(after?.WorkflowId ?? default).Bind(after?.Stage ?? "").Bind(after?.Attempt ?? 0).Bind(limit).Rows(ActiveAttempt),
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ActiveAttempt>> ListOverdueAttemptsAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<ActiveAttempt>>(
            database => database.Statement(SelectOverdue).Bind(now).Bind(limit).Rows(ActiveAttempt),
            cancellationToken);

    /// <inheritdoc />
    public Task<int> RestartLeasesAsync(DateTimeOffset until, CancellationToken cancellationToken) =>
        _writer.RunAsync(database => database.Statement(RestartLeases).Bind(until).Bind(until).Run(), cancellationToken);

    /// <inheritdoc />
    public Task<StoreCounts> CountAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync(
            database => new StoreCounts(
                database.Statement("SELECT status, sum(workflows) FROM workflow_facets GROUP BY status HAVING sum(workflows) > 0")
                    .Rows(row => (Status: StatusNames.WorkflowStatus(row.Text(0)), Count: row.Int64(1)))
                    .ToDictionary(pair => pair.Status, pair => pair.Count),
                database.Statement(CountActive)
                    .Rows(row => (Key: (row.Text(0), StatusNames.AttemptStatus(row.Text(1))), Count: row.Int64(2)))
                    .ToDictionary(pair => pair.Key, pair => pair.Count)),
            cancellationToken);

    /// <summary>The index is chosen by what the query asks for: without statistics SQLite would guess, and guess differently with every filter.</summary>
    private static string SelectFor(AttemptQuery query) => query switch
    {
        { WorkflowId: not null } => ListOfWorkflow,
        { Status: AttemptStatus.Pending or AttemptStatus.Dispatched or AttemptStatus.Running } => ListActive,
        { Status: not (null or AttemptStatus.Completed) } => ListUnsuccessful,
        { AgentType: not null } => ListOfAgentType,
        _ => ListAll,
    };

    private static ActiveAttempt ActiveAttempt(SqliteStatement row) => new(
        new TaskId(row.Id(0), row.Text(1), row.Int32(2)),
        StatusNames.AttemptStatus(row.Text(3)),
        row.Text(4),
        (Priority)row.Int32(5),
        row.Time(6),
        row.TimeOrNull(7),
        row.TextOrNull(8) is { } agent ? new AgentId(agent) : null,
        row.TimeOrNull(9),
        row.TimeOrNull(10));

    private static StoredAttempt Attempt(SqliteStatement row, JsonPayload? output) => new()
    {
        Attempt = ActiveAttempt(row),
        StartedAt = row.TimeOrNull(11),
        FinishedAt = row.TimeOrNull(12),
        Message = row.TextOrNull(13),
        ProgressPercent = row.Int32OrNull(14),
        Iteration = row.Int32OrNull(15),
        Usage = row.IsNull(16) ? null : JsonSerializer.Deserialize<Usage>(row.Utf8(16), StackJson.Options),
        Error = row.IsNull(17) ? null : JsonSerializer.Deserialize<StructuredError>(row.Utf8(17), StackJson.Options),
        Commit = row.TextOrNull(18),
        Output = output,
        Extras = row.Json(20),
    };

    private const string ActiveColumns = "workflow_id, stage, attempt, status, agent_type, priority, created_at, available_at, agent_id, lease_expires_at, deadline";
    private const string Columns = $"{ActiveColumns}, started_at, finished_at, message, progress, iteration, usage, error, git_commit";

    private const string ListEnd = """
         AND (workflow_id, stage, attempt) < (?2, ?3, ?4) AND status = ifnull(?5, status) AND agent_type = ifnull(?6, agent_type)
        ORDER BY workflow_id DESC, stage DESC, attempt DESC LIMIT ?7
        """;

    private const string ListFrom = $"SELECT {Columns}, NULL, extras FROM attempts";
    private const string ListJoin = "LEFT JOIN attempt_results ON attempt_results.id = result_id WHERE";
    private const string ListAll = $"{ListFrom} NOT INDEXED {ListJoin} ?1 IS NULL {ListEnd}";
    private const string ListOfWorkflow = $"{ListFrom} NOT INDEXED {ListJoin} workflow_id = ?1 {ListEnd}";
    private const string ListActive = $"{ListFrom} INDEXED BY attempts_active {ListJoin} ?1 IS NULL AND {IsActive} {ListEnd}";
    private const string ListOfAgentType = $"{ListFrom} INDEXED BY attempts_by_agent_type {ListJoin} ?1 IS NULL AND agent_type = ?6 {ListEnd}";

    private const string ListUnsuccessful =
        $"{ListFrom} INDEXED BY attempts_unsuccessful {ListJoin} ?1 IS NULL AND finished_at IS NOT NULL AND status <> 'completed' AND status = ?5 {ListEnd}";

    private const string IsActive = "finished_at IS NULL";

    private const string SelectAttempt = $"""
        SELECT {Columns}, ifnull(output, content), extras
        FROM attempts LEFT JOIN attempt_results ON attempt_results.id = result_id LEFT JOIN blobs ON sha256 = output_sha256
        WHERE workflow_id = ? AND stage = ? AND attempt = ?
        """;

    private const string SelectActive = $"""
        SELECT {ActiveColumns} FROM attempts INDEXED BY attempts_active
        WHERE {IsActive} AND (workflow_id, stage, attempt) > (?, ?, ?) ORDER BY workflow_id, stage, attempt LIMIT ?
        """;

    private const string SelectOverdue = $"""
        SELECT {ActiveColumns} FROM attempts INDEXED BY attempts_overdue
        WHERE status = 'running' AND min(lease_expires_at, ifnull(deadline, lease_expires_at)) <= ?
        ORDER BY min(lease_expires_at, ifnull(deadline, lease_expires_at)), workflow_id, stage, attempt LIMIT ?
        """;

    private const string RestartLeases =
        "UPDATE attempts SET lease_expires_at = ? WHERE (workflow_id, stage, attempt) IN (SELECT workflow_id, stage, attempt FROM attempts INDEXED BY attempts_overdue WHERE status = 'running' AND lease_expires_at <> ?)";

    private const string CountActive = $"SELECT agent_type, status, count(*) FROM attempts INDEXED BY attempts_active WHERE {IsActive} GROUP BY agent_type, status";
}
