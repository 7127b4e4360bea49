using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<IReadOnlyList<StoredWorkflow>> LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<StoredWorkflow>>(database => Load(database, ids), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, JsonPayload>> LoadOutputsAsync(WorkflowId id, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyDictionary<string, JsonPayload>>(
            database => database.Statement(SelectOutputs).Bind(id).Rows(row => (Stage: row.Text(0), Output: row.Json(1)!)).ToDictionary(pair => pair.Stage, pair => pair.Output),
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredWorkflow>> ListAsync(WorkflowQuery query, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<StoredWorkflow>>(database => Load(database, WorkflowIds(database, query)), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<WorkflowId>> ListDueTimersAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<WorkflowId>>(
            database => database.Statement("SELECT id FROM workflows WHERE next_timer_at <= ? ORDER BY next_timer_at LIMIT ?").Bind(now).Bind(limit).Rows(row => row.Id(0)),
            cancellationToken);

    /// <inheritdoc />
    public Task<IdempotencyRecord?> FindIdempotencyKeyAsync(string key, CancellationToken cancellationToken) =>
        _readers.ReadAsync(
            database => database.Statement("SELECT request_hash, id FROM workflow_headers JOIN workflows USING (seq) WHERE idempotency_key = ?").Bind(key)
                .First(row => new IdempotencyRecord(key, row.Text(0), row.Id(1))),
            cancellationToken);

    private static List<StoredWorkflow> Load(SqliteDatabase database, IReadOnlyCollection<WorkflowId> ids)
    {
        var found = new List<StoredWorkflow>(ids.Count);
        var select = database.Statement(SelectWorkflow);
        foreach (var id in ids)
        {
            if (select.Bind(id).First(Workflow) is { } workflow)
            {
                found.Add(workflow);
            }
        }

        return found;
    }

    /// <summary>
    /// The newest ids that fit. With filters it asks the index once for each combination of type, definition, priority and status that is in use and fits, each time only for
    /// ids newer than the oldest one that still has a place: no filter, however rare what it looks for, walks through history.
    /// </summary>
    private static List<WorkflowId> WorkflowIds(SqliteDatabase database, WorkflowQuery query)
    {
        if (query is { Status: null, Type: null, Priority: null, Definition: null })
        {
            return BindBefore(database.Statement("SELECT id FROM workflows WHERE id < ? ORDER BY id DESC LIMIT ?"), query.Before).Bind(query.Limit).Rows(row => row.Id(0));
        }

        var ids = new List<WorkflowId>();
        var floor = default(WorkflowId);
        foreach (var (type, definition, priority, status) in Facets(database, query))
        {
            var select = database.Statement(SelectIdsOfFacet).Bind(type).Bind(definition).Bind(priority).Bind(status).Bind(floor);
            ids.AddRange(BindBefore(select, query.Before).Bind(query.Limit).Rows(row => row.Id(0)));
            if (ids.Count >= query.Limit)
            {
                ids.Sort(static (left, right) => right.CompareTo(left));
                ids.RemoveRange(query.Limit, ids.Count - query.Limit);
                floor = ids[^1];
            }
        }

        ids.Sort(static (left, right) => right.CompareTo(left));
        return ids;
    }

    private static List<(string Type, string Definition, long Priority, string Status)> Facets(SqliteDatabase database, WorkflowQuery query) =>
        database.Statement(SelectFacets)
            .Bind(query.Type).Bind(query.Definition).Bind((long?)query.Priority).Bind(query.Status is { } status ? StatusNames.Of(status) : null)
            .Rows(row => (row.Text(0), row.Text(1), row.Int64(2), row.Text(3)));

    private static SqliteStatement BindBefore(SqliteStatement statement, WorkflowId? before) =>
        before is { } id ? statement.Bind(id) : statement.BindBlob(AfterAllIds);

    private static StoredWorkflow Workflow(SqliteStatement row) => new(
        new WorkflowHeader
        {
            Id = row.Id(0),
            Type = row.Text(1),
            DefinitionName = row.Text(2),
            Priority = (Priority)row.Int32(3),
            Name = row.Text(8),
            Description = row.Text(9),
            DefinitionVersion = row.Text(10),
            CreatedBy = row.TextOrNull(11),
            CreatedAt = row.Time(12),
            Traceparent = row.TextOrNull(13),
            Requirements = row.Text(14),
            Input = row.Json(15),
        },
        JsonSerializer.Deserialize(row.Utf8(7), StateJson)!,
        DisplayState: row.Text(4),
        CurrentStage: row.TextOrNull(5),
        Progress: row.Int32(6));

    /// <summary>Sorts after every id: 17 bytes, all ones.</summary>
    private static ReadOnlySpan<byte> AfterAllIds =>
        [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF];

    private static readonly JsonTypeInfo<WorkflowState> StateJson = StackJson.TypeOf<WorkflowState>();

    private const string SelectWorkflow = """
        SELECT id, type, definition_name, priority, display_state, current_stage, progress, state,
            name, description, definition_version, created_by, created_at, traceparent, requirements, input
        FROM workflows JOIN workflow_headers USING (seq)
        WHERE id = ?
        """;

    private const string SelectOutputs = """
        SELECT stage, ifnull(output, content)
        FROM attempts INDEXED BY attempts_counted
        JOIN attempt_results ON attempt_results.id = result_id
        LEFT JOIN blobs ON sha256 = output_sha256
        WHERE workflow_id = ? AND counted = 1 AND ifnull(output, content) IS NOT NULL
        """;

    private const string SelectFacets = """
        SELECT type, definition_name, priority, status
        FROM workflow_facets
        WHERE workflows > 0
            AND type = ifnull(?, type) AND definition_name = ifnull(?, definition_name) AND priority = ifnull(?, priority) AND status = ifnull(?, status)
        """;

    private const string SelectIdsOfFacet = """
        SELECT id FROM workflows INDEXED BY workflows_by_facet
        WHERE type = ? AND definition_name = ? AND priority = ? AND status = ? AND id > ? AND id < ?
        ORDER BY id DESC LIMIT ?
        """;
}
