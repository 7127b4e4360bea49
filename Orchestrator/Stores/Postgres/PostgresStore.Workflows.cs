using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    private static readonly JsonTypeInfo<WorkflowState> StateJson = StackJson.TypeOf<WorkflowState>();
    private static readonly JsonTypeInfo<WorkflowHeader> HeaderJson = StackJson.TypeOf<WorkflowHeader>();
    private static readonly WorkflowId AfterAllIds = new(Guid.AllBitsSet);

    /// <inheritdoc />
    public async Task<IReadOnlyList<StoredWorkflow>> LoadAsync(IReadOnlyCollection<WorkflowId> ids, CancellationToken cancellationToken)
    {
        var given = new NpgsqlParameter { Value = ids.Select(id => id.Value).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Uuid };
        return await _connections.RowsAsync(
            $"SELECT {WorkflowColumns} FROM unnest($1) WITH ORDINALITY given (id, place) JOIN workflows w ON w.id = given.id JOIN workflow_headers h ON h.workflow_id = w.id ORDER BY given.place",
            [given],
            Workflow,
            cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<string, JsonPayload>> LoadOutputsAsync(WorkflowId id, CancellationToken cancellationToken)
    {
        var outputs = await _connections.RowsAsync(SelectOutputs, [Uuid(id)], row => (Stage: row.GetString(0), Output: row.Json(1)!), cancellationToken);
        return outputs.ToDictionary(pair => pair.Stage, pair => pair.Output);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<StoredWorkflow>> ListAsync(WorkflowQuery query, CancellationToken cancellationToken)
    {
        var before = Uuid(query.Before ?? AfterAllIds);
        return query is { Status: null, Type: null, Priority: null, Definition: null }
            ? await _connections.RowsAsync(ListAll, [before, Number(query.Limit)], Workflow, cancellationToken)
            : await _connections.RowsAsync(
                ListOfFacets,
                [before, Number(query.Limit), Text(query.Type), Text(query.Definition), Number((int?)query.Priority), Text(query.Status is { } status ? StatusNames.Of(status) : null)],
                Workflow,
                cancellationToken);
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<WorkflowId>> ListDueTimersAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        await _connections.RowsAsync("SELECT id FROM workflows WHERE next_timer_at <= $1 ORDER BY next_timer_at LIMIT $2", [Time(now), Number(limit)], row => row.Id(0), cancellationToken);

    /// <inheritdoc />
    public Task<IdempotencyRecord?> FindIdempotencyKeyAsync(string key, CancellationToken cancellationToken) => _connections.FirstAsync(
        "SELECT request_hash, workflow_id FROM workflow_headers WHERE idempotency_key = $1",
        [Text(PostgresText.Storable(key))],
        row => new IdempotencyRecord(key, row.GetString(0), row.Id(1)),
        cancellationToken);

    private static StoredWorkflow Workflow(NpgsqlDataReader row) => new(
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(0), HeaderJson)!,
        JsonSerializer.Deserialize(row.GetFieldValue<byte[]>(1), StateJson)!,
        DisplayState: row.GetString(2),
        CurrentStage: row.TextOrNull(3),
        Progress: row.GetInt16(4));

    private const string WorkflowColumns = "h.header, w.state, w.display_state, w.current_stage, w.progress";
    private const string SelectWorkflow = $"SELECT {WorkflowColumns} FROM workflows w JOIN workflow_headers h ON h.workflow_id = w.id";

    private const string SelectOutputs = """
        SELECT a.stage, coalesce(a.output, b.content) FROM attempts a LEFT JOIN blobs b ON b.sha256 = a.output_sha256
        WHERE a.workflow_id = $1 AND a.slot = 0 AND coalesce(a.output, b.content) IS NOT NULL
        """;

    private const string ListAll = $"{SelectWorkflow} WHERE w.id < $1 ORDER BY w.id DESC LIMIT $2";

    /// <summary>
    /// The newest ids that fit: the index is asked once for each combination of facet and status that is in use and fits, so that no filter, however rare what it looks for, walks through history.
    /// Rows are compared as wholes, and sorted by what is constant, too: the planner could answer this from no other index, whatever it believes about the filters.
    /// </summary>
    private const string ListOfFacets = $"""
        SELECT {WorkflowColumns}
        FROM (
            SELECT i.id
            FROM workflow_facets f
            JOIN workflow_counts c ON c.facet = f.id
            CROSS JOIN LATERAL (
                SELECT w.id FROM workflows w
                WHERE (w.facet, w.status, w.id) < (f.id, c.status, $1) AND (w.facet, w.status, w.id) >= (f.id, c.status, '00000000-0000-0000-0000-000000000000'::uuid)
                ORDER BY w.facet DESC, w.status DESC, w.id DESC LIMIT $2) i
            WHERE c.workflows > 0 AND ($3 IS NULL OR f.type = $3) AND ($4 IS NULL OR f.definition_name = $4) AND ($5 IS NULL OR f.priority = $5) AND ($6 IS NULL OR c.status = $6)
            ORDER BY i.id DESC LIMIT $2) found
        JOIN workflows w ON w.id = found.id
        JOIN workflow_headers h ON h.workflow_id = w.id
        ORDER BY w.id DESC
        """;
}
