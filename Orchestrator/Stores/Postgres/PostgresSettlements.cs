using Npgsql;
using NpgsqlTypes;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Settles claims, within the transaction that wrote their workflows. Rare: only stages with checks make claims.</summary>
internal static class PostgresSettlements
{
    private const string Settle = """
        UPDATE attempts a
        SET status = s.status, slot = CASE WHEN s.status = 'completed' THEN 0 ELSE a.attempt END, error = coalesce(s.error, a.error)
        FROM unnest($1, $2, $3, $4, $5) s (workflow_id, stage, attempt, status, error)
        WHERE a.workflow_id = s.workflow_id AND a.stage = s.stage AND a.slot = s.attempt AND a.attempt = s.attempt AND a.status = 'verifying'
        """;

    /// <summary>Writes what became of claims.</summary>
    public static async Task WriteAsync(NpgsqlConnection connection, IEnumerable<WorkflowWrite> writes, CancellationToken cancellationToken)
    {
        var settled = writes.SelectMany(write => write.SettledAttempts.Select(attempt => (write.State.Id, Attempt: attempt)))
            .DistinctBy(pair => (pair.Id, pair.Attempt.Stage, pair.Attempt.Attempt)).ToList();
        if (settled.Count == 0)
        {
            return;
        }

        await using var command = new NpgsqlCommand(Settle, connection);
        command.Parameters.AddRange(PostgresParking.Arrays([.. settled.Select(pair => new TaskId(pair.Id, pair.Attempt.Stage, pair.Attempt.Attempt))]).ToArray());
        command.Parameters.Add(Texts(settled.Select(pair => (string?)StatusNames.Of(pair.Attempt.Status))));
        command.Parameters.Add(Texts(settled.Select(pair => pair.Attempt.Error is { } error ? PostgresText.Storable(JsonPayload.From(error).ToString()) : null)));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static NpgsqlParameter<string?[]> Texts(IEnumerable<string?> texts) => new NpgsqlParameter<string?[]> { TypedValue = [.. texts], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text };
}
