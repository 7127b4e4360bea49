using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Writes questions to people within the transaction of the commit that changes their workflows.</summary>
internal static class PostgresApprovals
{
    private const string Upsert = """
        INSERT INTO approvals (id, workflow_id, asked_at, status, unexecuted, record) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (id) DO UPDATE SET status = excluded.status, unexecuted = excluded.unexecuted, record = excluded.record
        """;

    /// <summary>Writes questions as they are now; of several with one id the last.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, IEnumerable<ApprovalRecord> approvals, CancellationToken cancellationToken)
    {
        var last = approvals.GroupBy(approval => approval.Id).Select(same => same.Last()).ToList();
        if (last.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(Upsert, connection);
        command.Parameters.Add(Array(last.ConvertAll(approval => approval.Id.Value), NpgsqlDbType.Uuid));
        command.Parameters.Add(Array(last.ConvertAll(approval => approval.WorkflowId.Value), NpgsqlDbType.Uuid));
        command.Parameters.Add(Array(last.ConvertAll(approval => approval.AskedAt.UtcDateTime), NpgsqlDbType.TimestampTz));
        command.Parameters.Add(Array(last.ConvertAll(approval => StatusNames.Of(approval.Status)), NpgsqlDbType.Text));
        command.Parameters.Add(Array(last.ConvertAll(approval => approval.IsUnexecuted), NpgsqlDbType.Boolean));
        command.Parameters.Add(Array(last.ConvertAll(approval => JsonPayload.From(approval).ToString()), NpgsqlDbType.Text));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter Array<T>(List<T> values, NpgsqlDbType type) => new() { Value = values.ToArray(), NpgsqlDbType = NpgsqlDbType.Array | type };
}
