using System.Diagnostics;
using Npgsql;

namespace Stack.Benchmarks;

/// <summary>Fills a database with finished workflows, made inside PostgreSQL: two attempts and one row of four events each, four types, one in ten failed.</summary>
internal static class PostgresHistory
{
    public static async Task FillAsync(string address, int workflows)
    {
        var watch = Stopwatch.StartNew();
        await using var connection = new NpgsqlConnection(address);
        await connection.OpenAsync();
        foreach (var statement in Statements)
        {
            await using var command = new NpgsqlCommand(statement, connection) { CommandTimeout = 0 };
            if (statement.Contains("$1", StringComparison.Ordinal))
            {
                command.Parameters.Add(new NpgsqlParameter { Value = workflows });
            }

            await command.ExecuteNonQueryAsync();
        }

        Console.Error.WriteLine($"({workflows:N0} finished workflows made in {watch.Elapsed.TotalSeconds:N0} s)");
    }

    private static readonly string[] Statements =
    [
        """
        CREATE TEMPORARY TABLE made AS
        SELECT i, (lpad(to_hex(1704067200000 + i * 1000), 12, '0') || '7' || substr(md5(i::text), 1, 3) || '8' || substr(md5(i::text), 4, 15))::uuid AS id,
            CASE i % 10 WHEN 0 THEN 'failed' ELSE 'completed' END AS status, CASE i % 4 WHEN 0 THEN 'bugfix' WHEN 1 THEN 'feature' ELSE 'app' END AS type, (i % 997 % 4)::smallint AS priority,
            '2024-05-01T00:00:00Z'::timestamptz + i * interval '0.1 s' AS at
        FROM generate_series(0::bigint, $1::bigint - 1) AS i
        """,
        "INSERT INTO workflow_facets (type, definition_name, priority) SELECT DISTINCT type, type, priority FROM made ON CONFLICT DO NOTHING",
        """
        INSERT INTO workflows (id, version, facet, status, display_state, current_stage, progress, ended_at, state)
        SELECT m.id, 6, f.id, status, upper(status), 'deployment', 100, at,
            '{"id":"' || m.id || '","version":6,"end":"' || status || '","updated_at":"2024-05-01T00:00:00Z","ended_at":"2024-05-01T00:00:00Z","stages":['
            || '{"name":"scaffolding","status":"completed","attempt":1,"counted_attempt":1},{"name":"e2e_testing","status":"' || status || '","attempt":1,"failures":1}]}'
        FROM made m JOIN workflow_facets f ON f.type = m.type AND f.definition_name = m.type AND f.priority = m.priority
        """,
        "INSERT INTO workflow_counts (facet, status, workflows) SELECT facet, w.status, count(*) FROM workflows w JOIN made USING (id) GROUP BY facet, w.status",
        """
        INSERT INTO workflow_headers (workflow_id, header)
        SELECT id, json_build_object('id', id, 'name', 'history ' || i, 'description', '', 'type', type, 'definition_name', type, 'definition_version', 'ab', 'priority', (ARRAY['low', 'medium', 'high', 'critical'])[priority + 1],
            'created_at', '2024-05-01T00:00:00Z', 'requirements', 'A calculator web API with add, subtract, multiply and divide')::text
        FROM made
        """,
        """
        INSERT INTO attempts (workflow_id, stage, attempt, slot, status, agent_type, priority, created_at, finished_at, agent_id, output)
        SELECT id, 'scaffolding', 1, 0, 'completed', 'scaffold', 1, at, at, 'scaffold-1', '{"report":"' || repeat('0', 200) || '"}' FROM made
        """,
        """
        INSERT INTO attempts (workflow_id, stage, attempt, slot, status, agent_type, priority, created_at, finished_at, agent_id)
        SELECT id, 'e2e_testing', 1, CASE status WHEN 'completed' THEN 0 ELSE 1 END, status, 'e2e', 1, at, at, 'e2e-1' FROM made
        """,
        """
        INSERT INTO events (id, workflow_id, happened)
        SELECT (SELECT last_value FROM event_ids) + 4 * (i + 1), id, '[{"name":"workflow.submitted","at":"2024-05-01T00:00:00Z","data":{}},{"name":"stage.completed","at":"2024-05-01T00:00:00Z","data":{}},'
            || '{"name":"stage.completed","at":"2024-05-01T00:00:00Z","data":{}},{"name":"workflow.' || status || '","at":"2024-05-01T00:00:00Z","data":{}}]'
        FROM made
        """,
        "SELECT setval('event_ids', (SELECT max(id) FROM events))",
        "DROP TABLE made",

        // What the server does by itself in the months in which such a history comes about: made in half a minute, it would all be done while the next workflows are measured.
        "VACUUM (ANALYZE)",
        "CHECKPOINT",
    ];
}
