using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(WorkflowId? workflowId, long after, int limit, CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<StoredEvent>>(
            database => (workflowId is { } id
                    ? database.Statement(SelectEventsOfWorkflow).Bind(id)
                    : database.Statement("SELECT id, workflow_id, name, stage, attempt, at, data FROM events WHERE id > ? ORDER BY id LIMIT ?"))
                .Bind(after).Bind(limit).Rows(Event),
            cancellationToken);

    private static StoredEvent Event(SqliteStatement row) =>
        new(row.Int64(0), row.Id(1), row.Text(2), row.TextOrNull(3), row.Int32OrNull(4), row.Time(5), row.Json(6)!);

    private const string SelectEventsOfWorkflow = """
        SELECT id, workflow_id, name, stage, attempt, at, data FROM events INDEXED BY events_by_workflow
        WHERE workflow_id = ? AND id > ? ORDER BY id LIMIT ?
        """;
}
