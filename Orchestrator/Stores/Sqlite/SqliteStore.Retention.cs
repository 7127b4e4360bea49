using Stack.Contracts;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <summary>Workflows per piece: a piece holds up other writes for some ten milliseconds.</summary>
    private const int PrunePiece = 100;

    /// <inheritdoc />
    public async Task<IReadOnlyList<WorkflowId>> PruneAsync(DateTimeOffset endedBefore, int limit, bool dryRun, CancellationToken cancellationToken)
    {
        if (dryRun)
        {
            return await _readers.ReadAsync(database => Ended(database, endedBefore, limit), cancellationToken);
        }

        var removed = new List<WorkflowId>();
        while (removed.Count < limit)
        {
            var wanted = Math.Min(PrunePiece, limit - removed.Count);
            var piece = await _writer.RunAsync(database => Remove(database, Ended(database, endedBefore, wanted)), cancellationToken);
            removed.AddRange(piece);
            if (piece.Count < wanted)
            {
                break;
            }
        }

        return removed;
    }

    private static List<WorkflowId> Ended(SqliteDatabase database, DateTimeOffset before, int limit) =>
        database.Statement("SELECT id FROM workflows WHERE ended_at < ? ORDER BY ended_at, id LIMIT ?").Bind(before).Bind(limit).Rows(row => row.Id(0));

    private static List<WorkflowId> Remove(SqliteDatabase database, List<WorkflowId> ids)
    {
        if (ids.Count > 0)
        {
            // Whoever follows the log goes on where it was: an id that was given is never given again.
            database.Statement("UPDATE event_floor SET id = max(id, ifnull((SELECT max(id) FROM events), 0))").Run();
        }

        foreach (var id in ids)
        {
            var blobs = database.Statement(SelectBlobs).Bind(id).Rows(row => row.Utf8(0).ToArray());
            foreach (var delete in DeletesInOrder)
            {
                database.Statement(delete).Bind(id).Run();
            }

            database.Statement("DELETE FROM budgets WHERE key = ?").Bind($"workflow/{id}").Run();
            database.Statement(DeleteStageBudgets).Bind($"workflow/{id}/").Run();
            foreach (var blob in blobs)
            {
                database.Statement(DeleteBlob).BindBlob(blob).Run();
            }
        }

        return ids;
    }

    private const string SelectBlobs = """
        SELECT DISTINCT output_sha256 FROM attempts JOIN attempt_results ON attempt_results.id = result_id
        WHERE workflow_id = ? AND output_sha256 IS NOT NULL
        """;

    /// <summary>What belongs to a workflow, before what it belongs to.</summary>
    private static readonly string[] DeletesInOrder =
    [
        "DELETE FROM attempt_results WHERE id IN (SELECT result_id FROM attempts WHERE workflow_id = ?)",
        "DELETE FROM attempts WHERE workflow_id = ?",
        "DELETE FROM events WHERE workflow_id = ?",
        "DELETE FROM steps WHERE workflow_id = ?",
        "DELETE FROM model_calls WHERE workflow_id = ?",
        "DELETE FROM model_contents WHERE workflow_id = ?",
        "DELETE FROM evidence WHERE workflow_id = ?",
        "DELETE FROM workflow_headers WHERE seq = (SELECT seq FROM workflows WHERE id = ?)",
        "DELETE FROM workflows WHERE id = ?",
    ];

    private const string DeleteStageBudgets = $"DELETE FROM budgets WHERE {BeginsSo}";

    private const string DeleteBlob = "DELETE FROM blobs WHERE sha256 = ?1 AND NOT EXISTS (SELECT 1 FROM attempt_results WHERE output_sha256 = ?1)";
}
