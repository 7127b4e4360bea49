using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public async Task<CommitOutcome> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        CommitRules.Verify(batch);
        cancellationToken.ThrowIfCancellationRequested();
        if (batch.Workflows.Count + batch.Leases.Count + batch.Notes.Count == 0)
        {
            return new CommitOutcome();
        }

        return await _commits.WriteAsync(batch, await _facets.PrepareAsync(batch, cancellationToken), cancellationToken);
    }
}
