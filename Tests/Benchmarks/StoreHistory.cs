using System.Diagnostics;
using Stack.Contracts;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Benchmarks;

/// <summary>Fills a store with finished workflows, made inside SQLite: two attempts and four events each, four types, one in ten failed.</summary>
internal static class StoreHistory
{
    private const int Piece = 20_000;

    public static async Task FillAsync(SqliteStore store, int workflows)
    {
        var watch = Stopwatch.StartNew();
        for (var from = 0; from < workflows; from += Piece)
        {
            var (first, end) = (from, Math.Min(from + Piece, workflows));
            await store.WriteAsync(
                database =>
                {
                    Make(database, first, end);
                    return true;
                },
                default);
        }

        Console.Error.WriteLine($"({workflows:N0} finished workflows made in {watch.Elapsed.TotalSeconds:N0} s)");
    }

    private static void Make(SqliteDatabase database, int from, int to)
    {
        database.Execute("CREATE TEMP TABLE IF NOT EXISTS made (i INTEGER PRIMARY KEY, id BLOB, uuid TEXT, status TEXT); DELETE FROM made");
        database.Execute("CREATE TEMP TABLE IF NOT EXISTS base AS SELECT ifnull((SELECT max(id) FROM attempt_results), 0) AS result, ifnull((SELECT max(id) FROM events), 0) AS event");
        for (var i = from; i < to; i++)
        {
            var id = new WorkflowId(Guid.CreateVersion7(Began.AddSeconds(i)));
            database.Statement("INSERT INTO made VALUES (?, ?, ?, ?)").Bind(i).Bind(id).Bind(id.ToString()).Bind(i % 10 == 0 ? "failed" : "completed").Run();
        }

        foreach (var statement in Statements)
        {
            database.Statement(statement).Run();
        }
    }

    private static readonly DateTimeOffset Began = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Statements =
    [
        """
        INSERT INTO workflows (id, version, type, definition_name, priority, status, display_state, current_stage, progress, ended_at, state)
        SELECT id, 6, CASE i % 4 WHEN 0 THEN 'bugfix' WHEN 1 THEN 'feature' ELSE 'app' END, CASE i % 4 WHEN 0 THEN 'bugfix' WHEN 1 THEN 'feature' ELSE 'app' END,
            i % 997 % 4, status, upper(status), 'deployment', 100, 638500000000000000 + i,
            '{"id":"' || uuid || '","version":6,"end":"' || status || '","updated_at":"2024-05-01T00:00:00Z","ended_at":"2024-05-01T00:00:00Z","stages":['
            || '{"name":"scaffolding","status":"completed","attempt":1,"counted_attempt":1},{"name":"e2e_testing","status":"' || status || '","attempt":1,"failures":1}]}'
        FROM made
        """,
        """
        INSERT INTO workflow_headers (seq, name, description, definition_version, created_at, requirements)
        SELECT seq, 'history ' || i, '', 'ab', 638500000000000000 + i, 'A calculator web API with add, subtract, multiply and divide' FROM made JOIN workflows USING (id)
        """,
        """
        INSERT INTO attempt_results (id, output) SELECT result + i + 1, '{"report":"' || hex(zeroblob(100)) || '"}' FROM made, base
        """,
        """
        INSERT INTO attempts (workflow_id, stage, attempt, status, counted, agent_type, priority, created_at, finished_at, agent_id, result_id)
        SELECT id, 'scaffolding', 1, 'completed', 1, 'scaffold', 1, 638500000000000000 + i, 638500000000000000 + i, 'scaffold-1', result + i + 1 FROM made, base
        UNION ALL
        SELECT id, 'e2e_testing', 1, status, status = 'completed', 'e2e', 1, 638500000000000000 + i, 638500000000000000 + i, 'e2e-1', NULL FROM made
        """,
        """
        INSERT INTO events (id, workflow_id, name, stage, attempt, at, data)
        SELECT event + 4 * i + k, id, CASE k WHEN 1 THEN 'workflow.submitted' WHEN 4 THEN 'workflow.' || status ELSE 'stage.completed' END, NULL, NULL, 638500000000000000 + i, '{}'
        FROM made, base, (SELECT 1 AS k UNION SELECT 2 UNION SELECT 3 UNION SELECT 4)
        """,
    ];
}
