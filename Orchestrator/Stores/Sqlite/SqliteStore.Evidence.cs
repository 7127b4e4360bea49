using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task PutEvidenceAsync(StoredEvidence evidence, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database => database.Statement("INSERT INTO evidence (workflow_id, sha256, at, content) VALUES (?, ?, ?, ?) ON CONFLICT (workflow_id, sha256) DO NOTHING")
                .Bind(evidence.WorkflowId).Bind(evidence.Sha256).Bind(evidence.At).Bind(evidence.Content).Run(),
            cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvidence>> ListEvidenceAsync(WorkflowId id, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<StoredEvidence>>(
            database => database.Statement("SELECT workflow_id, sha256, at, content FROM evidence WHERE workflow_id = ? ORDER BY id").Bind(id)
                .Rows(row => new StoredEvidence(row.Id(0), row.Text(1), row.Time(2), row.Json(3)!)),
            cancellationToken);
}
