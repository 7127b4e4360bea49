using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

/// <summary>One process holds the database: every attempt is its own, or parked.</summary>
internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<IReadOnlyDictionary<WorkflowId, long>> ReadVersionsAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyDictionary<WorkflowId, long>>(
            database =>
            {
                var versions = new Dictionary<WorkflowId, long>(ids.Count);
                foreach (var id in ids)
                {
                    if (database.Statement("SELECT version FROM workflows WHERE id = ?").Bind(id).Scalar() is > 0 and var version)
                    {
                        versions[id] = version;
                    }
                }

                return versions;
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<long> ReadLastEventIdAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync(database => database.Statement("SELECT max(id) FROM events").Scalar(), cancellationToken);

    /// <inheritdoc />
    public Task<int> ParkAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken) =>
        _writer.RunAsync(database => tasks.Sum(task => SetParked(database, ParkOne, task)), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyCollection<TaskId>> ListWaitingAsync(int node, IReadOnlyCollection<TaskId> tasks, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyCollection<TaskId>>(
            database => [.. tasks.Where(task => database.Statement(CountWaiting).Bind(task.WorkflowId).Bind(task.Stage).Bind(task.Attempt).Scalar() > 0)], cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyCollection<TaskId>> ListOfferedAsync(int node, DateTimeOffset since, int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyCollection<TaskId>>(
            database => [.. database.Statement(SelectOffered).Bind(since).Bind(since).Bind(limit).Rows(ActiveAttempt).Select(attempt => attempt.TaskId)], cancellationToken);

    /// <inheritdoc />
    public Task<int> ParkAbandonedAsync(NodeRoll roll, int limit, CancellationToken cancellationToken) =>
        roll.Living.Contains(NodeRoll.Sole)
            ? Task.FromResult(0)
            : _writer.RunAsync(database => database.Statement(ParkAbandoned).Bind(limit).Run(), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ActiveAttempt>> TakeParkedAsync(int node, string? agentType, DateTimeOffset now, TimeSpan horizon, int limit, CancellationToken cancellationToken) =>
        _writer.RunAsync<IReadOnlyList<ActiveAttempt>>(
            database =>
            {
                var select = agentType is null ? database.Statement(SelectParked) : database.Statement(SelectParkedOfType).Bind(agentType);
                var taken = select.Bind(now + horizon).Bind(now).Bind(limit).Rows(ActiveAttempt);
                foreach (var attempt in taken)
                {
                    SetParked(database, UnparkOne, attempt.TaskId);
                }

                return taken;
            },
            cancellationToken);

    private static int SetParked(SqliteDatabase database, string update, TaskId task) =>
        database.Statement(update).Bind(task.WorkflowId).Bind(task.Stage).Bind(task.Attempt).Run();

    private const string Waits = "finished_at IS NULL AND (status = 'pending' OR status = 'dispatched')";

    private const string WaitsHere = $"workflow_id = ? AND stage = ? AND attempt = ? AND parked = 0 AND {Waits}";
    private const string CountWaiting = $"SELECT count(*) FROM attempts WHERE {WaitsHere}";
    private const string ParkOne = $"UPDATE attempts SET parked = 1 WHERE {WaitsHere}";
    private const string UnparkOne = "UPDATE attempts SET parked = 0 WHERE workflow_id = ? AND stage = ? AND attempt = ?";

    private const string SelectOffered = $"""
        SELECT {ActiveColumns} FROM attempts INDEXED BY attempts_active
        WHERE {Waits} AND status = 'pending' AND parked = 0 AND created_at < ? AND ifnull(available_at, 0) < ? LIMIT ?
        """;

    private const string ParkAbandoned = $"""
        UPDATE attempts SET parked = 1 WHERE (workflow_id, stage, attempt) IN (
            SELECT workflow_id, stage, attempt FROM attempts INDEXED BY attempts_active WHERE {Waits} AND parked = 0 LIMIT ?)
        """;

    private const string IsDue = "CASE status WHEN 'pending' THEN ifnull(available_at, 0) <= ? WHEN 'dispatched' THEN ifnull(deadline, 0) <= ? ELSE 0 END";
    private const string FromParked = $"SELECT {ActiveColumns} FROM attempts INDEXED BY attempts_parked WHERE parked = 1 AND finished_at IS NULL";
    private const string SelectParked = $"{FromParked} AND {IsDue} ORDER BY priority DESC, created_at LIMIT ?";
    private const string SelectParkedOfType = $"{FromParked} AND agent_type = ? AND {IsDue} ORDER BY priority DESC, created_at LIMIT ?";
}
