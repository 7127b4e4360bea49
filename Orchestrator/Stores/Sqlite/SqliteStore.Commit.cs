using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<CommitOutcome> CommitAsync(CommitBatch batch, CancellationToken cancellationToken)
    {
        CommitRules.Verify(batch);
        return _writer.RunAsync(
            database =>
            {
                using var commit = new SqliteCommit(database);
                return commit.Write(batch);
            },
            cancellationToken);
    }
}
