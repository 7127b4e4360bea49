using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) =>
        _readers.ReadAsync(database => FindStep(database, key), cancellationToken);

    /// <inheritdoc />
    public Task<JsonPayload> RecordStepAsync(StepKey key, int attempt, JsonPayload result, DateTimeOffset at, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database =>
            {
                var written = database.Statement(InsertStep)
                    .Bind(key.WorkflowId).Bind(key.Stage).Bind(key.Name).Bind(key.InputHash).Bind(attempt).Bind(at).Bind(result)
                    .Run();
                return written > 0 ? result : FindStep(database, key)!;
            },
            cancellationToken);

    private static JsonPayload? FindStep(SqliteDatabase database, StepKey key) =>
        database.Statement("SELECT result FROM steps WHERE workflow_id = ? AND stage = ? AND name = ? AND input_hash = ?")
            .Bind(key.WorkflowId).Bind(key.Stage).Bind(key.Name).Bind(key.InputHash)
            .First(row => row.Json(0)!);

    private const string InsertStep =
        "INSERT INTO steps (workflow_id, stage, name, input_hash, attempt, at, result) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (workflow_id, stage, name, input_hash) DO NOTHING";
}
