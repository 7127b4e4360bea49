using Npgsql;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public Task<JsonPayload?> FindStepAsync(StepKey key, CancellationToken cancellationToken) =>
        _connections.FirstAsync(
            "SELECT result FROM steps WHERE workflow_id = $1 AND stage = $2 AND name = $3 AND input_hash = $4", Key(key), row => row.Json(0)!, cancellationToken);

    /// <inheritdoc />
    public async Task<JsonPayload> RecordStepAsync(StepKey key, int attempt, JsonPayload result, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var (there, written) = (await _connections.RowsAsync(
            RecordStep, [.. Key(key), Number(attempt), Time(at), Json(result)], row => (row.GetBoolean(0), row.GetBoolean(1)), cancellationToken))[0];
        return there
            ? written ? result : await FindStepAsync(key, cancellationToken) ?? result
            : throw new StoreInvariantException($"Workflow {key.WorkflowId} is not in the store; the step '{key.Name}' was not recorded.");
    }

    private static NpgsqlParameter[] Key(StepKey key) => [Uuid(key.WorkflowId), Text(key.Stage), Text(PostgresText.Storable(key.Name)), Text(key.InputHash)];

    /// <summary>The workflow's row is held, so that it is not pruned from under the step.</summary>
    private const string RecordStep = """
        WITH there AS (SELECT id FROM workflows WHERE id = $1 FOR KEY SHARE),
        written AS (
            INSERT INTO steps (workflow_id, stage, name, input_hash, attempt, at, result) SELECT there.id, $2, $3, $4, $5, $6, $7 FROM there
            ON CONFLICT (workflow_id, stage, name, input_hash) DO NOTHING RETURNING 1)
        SELECT EXISTS (SELECT FROM there), EXISTS (SELECT FROM written)
        """;
}
