using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public Task<JournaledCall?> FindCallAsync(ModelCallKey key, bool isGiven, CancellationToken cancellationToken) => _connections.FirstAsync(
        $"SELECT {CallColumns}, c.content FROM model_calls m JOIN model_contents c ON c.workflow_id = m.workflow_id AND c.hash = m.answer WHERE {CallKey}",
        Key(key, isGiven),
        row => new JournaledCall(Call(row, key.WorkflowId), row.Json(CallColumnCount)!),
        cancellationToken);

    /// <inheritdoc />
    public async Task<bool> RecordCallAsync(ModelCall call, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken) => (await _connections.RowsAsync(
        RecordCall,
        [.. Key(call.Key, isGiven: false), .. Values([call]), .. Contents(contents)],
        row => row.GetBoolean(0),
        cancellationToken))[0];

    /// <inheritdoc />
    public Task CountReplayAsync(ModelCallKey key, CancellationToken cancellationToken) =>
        _connections.ExecuteAsync($"UPDATE model_calls m SET replays = replays + 1 WHERE {CallKey}", Key(key, isGiven: false), cancellationToken);

    /// <inheritdoc />
    public Task ImportCallsAsync(WorkflowId id, IReadOnlyList<ModelCall> calls, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken) => _connections.ExecuteAsync(
        ImportCalls,
        [
            Uuid(id), .. Values(calls), .. Contents(contents), Texts(calls.Select(call => call.Key.Stage)), Texts(calls.Select(call => call.Key.Step)),
            Texts(calls.Select(call => call.Key.RequestHash)), Numbers(calls.Select(call => call.Key.Occurrence)),
        ],
        cancellationToken);

    /// <inheritdoc />
    public Task ForgetCallsAsync(WorkflowId id, CancellationToken cancellationToken) => _connections.ExecuteAsync(
        "WITH calls AS (DELETE FROM model_calls WHERE workflow_id = $1) DELETE FROM model_contents WHERE workflow_id = $1", [Uuid(id)], cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<ModelCall>> ListCallsAsync(WorkflowId id, bool isGiven, int limit, CancellationToken cancellationToken) => await _connections.RowsAsync(
        $"SELECT {CallColumns} FROM model_calls m WHERE m.workflow_id = $1 AND m.given = $2 ORDER BY m.id LIMIT $3", [Uuid(id), Flag(isGiven), Long(limit)], row => Call(row, id), cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyDictionary<string, JsonPayload>> LoadContentsAsync(WorkflowId id, IReadOnlyCollection<string> hashes, CancellationToken cancellationToken) => (await _connections.RowsAsync(
        "SELECT hash, content FROM model_contents WHERE workflow_id = $1 AND hash = ANY ($2)", [Uuid(id), Texts(hashes)], row => (Hash: row.GetString(0), Content: row.Json(1)!), cancellationToken))
        .ToDictionary(row => row.Hash, row => row.Content, StringComparer.Ordinal);

    /// <inheritdoc />
    public async Task<IReadOnlyList<StageCalls>> CountCallsAsync(WorkflowId id, CancellationToken cancellationToken) => await _connections.RowsAsync(
        "SELECT stage, count(*) FILTER (WHERE occurrence >= 0), sum(replays)::bigint FROM model_calls WHERE workflow_id = $1 AND NOT given GROUP BY stage ORDER BY stage",
        [Uuid(id)],
        row => new StageCalls(row.GetString(0), row.GetInt64(1), row.GetInt64(2)),
        cancellationToken);

    private static ModelCall Call(NpgsqlDataReader row, WorkflowId id) => new()
    {
        Key = new ModelCallKey(id, row.GetString(0), row.GetString(1), row.GetString(2), row.GetInt32(3)),
        Attempt = row.GetInt32(4),
        At = row.Time(5),
        Asked = row.GetString(6),
        Model = row.GetString(7),
        Provider = row.GetString(8),
        PromptTokens = row.GetInt64(9),
        CompletionTokens = row.GetInt64(10),
        CostNano = row.GetInt64(11),
        Replays = row.GetInt32(12),
        Answer = row.GetString(13),
        Request = row.Json<List<string>>(14)!,
    };

    private static NpgsqlParameter[] Key(ModelCallKey key, bool isGiven) => [Uuid(key.WorkflowId), Flag(isGiven), Text(key.Stage), Text(PostgresText.Storable(key.Step)), Text(key.RequestHash), Number(key.Occurrence)];

    private static NpgsqlParameter[] Values(IReadOnlyList<ModelCall> calls) =>
    [
        Numbers(calls.Select(call => call.Attempt)),
        new() { Value = calls.Select(call => call.At.UtcDateTime).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.TimestampTz },
        Texts(calls.Select(call => call.Asked)), Texts(calls.Select(call => call.Model)), Texts(calls.Select(call => call.Provider)),
        Longs(calls.Select(call => call.PromptTokens)), Longs(calls.Select(call => call.CompletionTokens)), Longs(calls.Select(call => call.CostNano)),
        Numbers(calls.Select(call => call.Replays)), Texts(calls.Select(call => call.Answer)), Texts(calls.Select(call => JsonPayload.From(call.Request).ToString())),
    ];

    private static NpgsqlParameter[] Contents(IReadOnlyCollection<JournalContent> contents) =>
        [Texts(contents.Select(content => content.Hash)), Texts(contents.Select(content => content.Json.ToString()))];

    private static NpgsqlParameter Texts(IEnumerable<string> texts) => new() { Value = texts.Select(text => PostgresText.Storable(text)!).ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };

    private static NpgsqlParameter Numbers(IEnumerable<int> numbers) => new() { Value = numbers.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer };

    private static NpgsqlParameter Longs(IEnumerable<long> numbers) => new() { Value = numbers.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Bigint };

    private static NpgsqlParameter Flag(bool flag) => new() { Value = flag, NpgsqlDbType = NpgsqlDbType.Boolean };

    private const int CallColumnCount = 15;

    private const string CallColumns =
        "m.stage, m.step, m.request_hash, m.occurrence, m.attempt, m.at, m.asked, m.model, m.provider, m.prompt_tokens, m.completion_tokens, m.cost, m.replays, m.answer, m.request";

    private const string CallKey = "m.workflow_id = $1 AND m.given = $2 AND m.stage = $3 AND m.step = $4 AND m.request_hash = $5 AND m.occurrence = $6";

    private const string InsertColumns =
        "workflow_id, given, stage, step, request_hash, occurrence, attempt, at, asked, model, provider, prompt_tokens, completion_tokens, cost, replays, answer, request";

    /// <summary>The workflow's row is held, so that it is not pruned from under the call. Contents come with the call that names them, or not at all.</summary>
    private const string RecordCall = $"""
        WITH there AS (SELECT id FROM workflows WHERE id = $1 FOR KEY SHARE),
        written AS (
            INSERT INTO model_calls ({InsertColumns})
            SELECT there.id, $2, $3, $4, $5, $6, v.*
            FROM there, unnest($7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) v
            ON CONFLICT (workflow_id, given, stage, step, request_hash, occurrence) DO NOTHING RETURNING workflow_id),
        kept AS (
            INSERT INTO model_contents (workflow_id, hash, content) SELECT written.workflow_id, c.hash, c.content FROM written, unnest($18, $19) c (hash, content)
            ON CONFLICT (workflow_id, hash) DO NOTHING)
        SELECT EXISTS (SELECT FROM written)
        """;

    private const string ImportCalls = $"""
        WITH kept AS (
            INSERT INTO model_contents (workflow_id, hash, content) SELECT $1, c.hash, c.content FROM unnest($13, $14) c (hash, content)
            ON CONFLICT (workflow_id, hash) DO NOTHING)
        INSERT INTO model_calls ({InsertColumns})
        SELECT $1, true, k.stage, k.step, k.hash, k.occurrence, v.attempt, v.at, v.asked, v.model, v.provider, v.prompt, v.completion, v.cost, v.replays, v.answer, v.request
        FROM unnest($15, $16, $17, $18) WITH ORDINALITY k (stage, step, hash, occurrence, o)
        JOIN unnest($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) WITH ORDINALITY v (attempt, at, asked, model, provider, prompt, completion, cost, replays, answer, request, o) USING (o)
        ORDER BY k.o
        ON CONFLICT (workflow_id, given, stage, step, request_hash, occurrence) DO NOTHING
        """;
}
