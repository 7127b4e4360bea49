using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<JournaledCall?> FindCallAsync(ModelCallKey key, bool isGiven, CancellationToken cancellationToken) => _readers.ReadAsync(
        database => Bind(database.Statement(FindCall), key, isGiven).First(row => new JournaledCall(Call(row, key.WorkflowId), row.Json(CallColumnCount)!)),
        cancellationToken);

    /// <inheritdoc />
    public Task<bool> RecordCallAsync(ModelCall call, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken) => _writer.RunAsync(
        database =>
        {
            var id = call.Key.WorkflowId;
            if (!database.Statement("SELECT 1 FROM workflows WHERE id = ?").Bind(id).Any() || !Insert(database, id, call, isGiven: false))
            {
                return false;
            }

            Keep(database, id, contents);
            return true;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task CountReplayAsync(ModelCallKey key, CancellationToken cancellationToken) => _writer.RunAsync(
        database => Bind(database.Statement($"UPDATE model_calls SET replays = replays + 1 WHERE {CallKey}"), key, isGiven: false).Run(), cancellationToken);

    /// <inheritdoc />
    public Task ImportCallsAsync(WorkflowId id, IReadOnlyList<ModelCall> calls, IReadOnlyCollection<JournalContent> contents, CancellationToken cancellationToken) => _writer.RunAsync(
        database =>
        {
            Keep(database, id, contents);
            return calls.Count(call => Insert(database, id, call, isGiven: true));
        },
        cancellationToken);

    /// <inheritdoc />
    public Task ForgetCallsAsync(WorkflowId id, CancellationToken cancellationToken) => _writer.RunAsync(
        database => database.Statement("DELETE FROM model_calls WHERE workflow_id = ?").Bind(id).Run() + database.Statement("DELETE FROM model_contents WHERE workflow_id = ?").Bind(id).Run(),
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ModelCall>> ListCallsAsync(WorkflowId id, bool isGiven, int limit, CancellationToken cancellationToken) => _readers.ReadAsync<IReadOnlyList<ModelCall>>(
        database => database.Statement($"SELECT {CallColumns} FROM model_calls WHERE workflow_id = ? AND given = ? ORDER BY id LIMIT ?").Bind(id).Bind(isGiven ? 1 : 0).Bind(limit).Rows(row => Call(row, id)),
        cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyDictionary<string, JsonPayload>> LoadContentsAsync(WorkflowId id, IReadOnlyCollection<string> hashes, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyDictionary<string, JsonPayload>>(
            database =>
            {
                var found = new Dictionary<string, JsonPayload>(StringComparer.Ordinal);
                foreach (var hash in hashes.Distinct(StringComparer.Ordinal))
                {
                    if (database.Statement("SELECT content FROM model_contents WHERE workflow_id = ? AND hash = ?").Bind(id).Bind(hash).First(row => row.Json(0)!) is { } content)
                    {
                        found[hash] = content;
                    }
                }

                return found;
            },
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StageCalls>> CountCallsAsync(WorkflowId id, CancellationToken cancellationToken) => _readers.ReadAsync<IReadOnlyList<StageCalls>>(
        database => database.Statement("SELECT stage, sum(occurrence >= 0), sum(replays) FROM model_calls WHERE workflow_id = ? AND given = 0 GROUP BY stage ORDER BY stage").Bind(id)
            .Rows(row => new StageCalls(row.Text(0), row.Int64(1), row.Int64(2))),
        cancellationToken);

    private static bool Insert(SqliteDatabase database, WorkflowId id, ModelCall call, bool isGiven) =>
        Bind(database.Statement(InsertCall), call.Key with { WorkflowId = id }, isGiven)
            .Bind(call.Attempt).Bind(call.At).Bind(call.Asked).Bind(call.Model).Bind(call.Provider).Bind(call.PromptTokens).Bind(call.CompletionTokens).Bind(call.CostNano).Bind(call.Replays)
            .Bind(call.Answer).Bind(JsonPayload.From(call.Request)).Run() > 0;

    private static void Keep(SqliteDatabase database, WorkflowId id, IReadOnlyCollection<JournalContent> contents)
    {
        foreach (var content in contents)
        {
            database.Statement("INSERT INTO model_contents (workflow_id, hash, content) VALUES (?, ?, ?) ON CONFLICT (workflow_id, hash) DO NOTHING").Bind(id).Bind(content.Hash).Bind(content.Json).Run();
        }
    }

    private static SqliteStatement Bind(SqliteStatement statement, ModelCallKey key, bool isGiven) =>
        statement.Bind(key.WorkflowId).Bind(isGiven ? 1 : 0).Bind(key.Stage).Bind(key.Step).Bind(key.RequestHash).Bind(key.Occurrence);

    private static ModelCall Call(SqliteStatement row, WorkflowId id) => new()
    {
        Key = new ModelCallKey(id, row.Text(0), row.Text(1), row.Text(2), row.Int32(3)),
        Attempt = row.Int32(4),
        At = row.Time(5),
        Asked = row.Text(6),
        Model = row.Text(7),
        Provider = row.Text(8),
        PromptTokens = row.Int64(9),
        CompletionTokens = row.Int64(10),
        CostNano = row.Int64(11),
        Replays = row.Int32(12),
        Answer = row.Text(13),
        Request = row.Json(14)!.To<List<string>>()!,
    };

    private const int CallColumnCount = 15;

    private const string CallColumns = "stage, step, request_hash, occurrence, attempt, at, asked, model, provider, prompt_tokens, completion_tokens, cost, replays, answer, request";

    private const string CallKey = "workflow_id = ? AND given = ? AND stage = ? AND step = ? AND request_hash = ? AND occurrence = ?";

    private const string FindCall = $"SELECT {CallColumns}, (SELECT content FROM model_contents c WHERE c.workflow_id = model_calls.workflow_id AND c.hash = answer) FROM model_calls WHERE {CallKey}";

    private const string InsertCall =
        "INSERT INTO model_calls (workflow_id, given, stage, step, request_hash, occurrence, attempt, at, asked, model, provider, prompt_tokens, completion_tokens, cost, replays, answer, request) "
        + "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow_id, given, stage, step, request_hash, occurrence) DO NOTHING";
}
