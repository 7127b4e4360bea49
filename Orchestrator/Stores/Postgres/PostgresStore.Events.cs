using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public async Task<IReadOnlyList<StoredEvent>> ReadEventsAsync(WorkflowId? workflowId, long after, int limit, CancellationToken cancellationToken)
    {
        // A row has at least one event: so many rows have enough of them.
        var rows = workflowId is { } id
            ? await _connections.RowsAsync(SelectEventsOfWorkflow, [Long(after), Number(limit), Uuid(id)], row => (row.GetInt64(0), row.Id(1), row.GetFieldValue<byte[]>(2)), cancellationToken)
            : await _connections.RowsAsync(SelectEvents, [Long(after), Number(limit)], row => (row.GetInt64(0), row.Id(1), row.GetFieldValue<byte[]>(2)), cancellationToken);
        var events = new List<StoredEvent>();
        foreach (var (lastId, workflow, happened) in rows)
        {
            events.AddRange(PostgresEvents.Read(lastId, workflow, happened).Where(stored => stored.Id > after));
            if (events.Count >= limit)
            {
                events.RemoveRange(limit, events.Count - limit);
                break;
            }
        }

        return events;
    }

    private const string SelectEvents = "SELECT id, workflow_id, happened FROM events WHERE id > $1 ORDER BY id LIMIT $2";

    /// <summary>Compared and sorted so that only the index of workflows can answer.</summary>
    private const string SelectEventsOfWorkflow = """
        SELECT id, workflow_id, happened FROM events
        WHERE (workflow_id, id) > ($3, $1) AND workflow_id <= $3 ORDER BY workflow_id, id LIMIT $2
        """;
}
