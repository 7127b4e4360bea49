using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <summary>Workflows per piece: a piece holds up commits for some ten milliseconds.</summary>
    private const int PrunePiece = 100;

    /// <inheritdoc />
    public async Task<IReadOnlyList<WorkflowId>> PruneAsync(DateTimeOffset endedBefore, int limit, bool dryRun, CancellationToken cancellationToken)
    {
        if (dryRun)
        {
            return await _connections.RowsAsync(
                "SELECT id FROM workflows WHERE ended_at < $1 ORDER BY ended_at, id LIMIT $2", [Time(endedBefore), Number(limit)], row => row.Id(0), cancellationToken);
        }

        var removed = new List<WorkflowId>();
        while (removed.Count < limit)
        {
            var wanted = Math.Min(PrunePiece, limit - removed.Count);
            var pieces = await _connections.RowsAsync(
                PruneWorkflows, [Time(endedBefore), Number(wanted)], row => row.GetFieldValue<Guid[]>(0), cancellationToken);
            removed.AddRange(pieces[0].Select(id => new WorkflowId(id)));
            if (pieces[0].Length < wanted)
            {
                break;
            }
        }

        return removed;
    }

    private const string PruneWorkflows = """
        WITH gone AS MATERIALIZED (SELECT prune_workflows($1, $2) AS ids),
        evidence_too AS (DELETE FROM evidence e USING gone WHERE e.workflow_id = ANY (gone.ids))
        SELECT ids FROM gone
        """;
}
