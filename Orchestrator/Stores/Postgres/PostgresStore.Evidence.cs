using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public async Task PutEvidenceAsync(StoredEvidence evidence, CancellationToken cancellationToken)
    {
        var known = await _connections.RowsAsync(PutEvidence, [Uuid(evidence.WorkflowId), Text(evidence.Sha256), Time(evidence.At), Json(evidence.Content)], row => row.GetBoolean(0), cancellationToken);
        if (known is not [true])
        {
            throw new StoreInvariantException($"Evidence {evidence.Sha256} cannot be kept: there is no workflow {evidence.WorkflowId}.");
        }
    }

    /// <inheritdoc />
    public async Task<IReadOnlyList<StoredEvidence>> ListEvidenceAsync(WorkflowId id, CancellationToken cancellationToken) => await _connections.RowsAsync(
        "SELECT workflow_id, sha256, at, content FROM evidence WHERE workflow_id = $1 ORDER BY id",
        [Uuid(id)],
        row => new StoredEvidence(row.Id(0), row.GetString(1), row.Time(2), row.Json(3)!),
        cancellationToken);

    private const string PutEvidence = """
        WITH kept AS (
            INSERT INTO evidence (workflow_id, sha256, at, content) SELECT w.id, $2, $3, $4 FROM workflows w WHERE w.id = $1
            ON CONFLICT (workflow_id, sha256) DO NOTHING)
        SELECT EXISTS (SELECT FROM workflows w WHERE w.id = $1)
        """;
}
