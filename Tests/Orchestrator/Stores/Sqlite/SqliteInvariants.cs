using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

/// <summary>What must hold in every database, whatever happened to the process that wrote it.</summary>
internal static class SqliteInvariants
{
    private static readonly string[] NoRows =
    [
        "SELECT * FROM pragma_foreign_key_check",
        "SELECT result_id FROM attempts WHERE result_id IS NOT NULL AND result_id NOT IN (SELECT id FROM attempt_results)",
        "SELECT id FROM attempt_results WHERE id NOT IN (SELECT result_id FROM attempts WHERE result_id IS NOT NULL)",
        "SELECT sha256 FROM blobs WHERE sha256 NOT IN (SELECT output_sha256 FROM attempt_results WHERE output_sha256 IS NOT NULL)",
        "SELECT seq FROM workflows WHERE seq NOT IN (SELECT seq FROM workflow_headers)",
        "SELECT seq FROM workflows WHERE version <> json_extract(state, '$.version')",
        "SELECT type, definition_name, priority, status, count(*) FROM workflows GROUP BY 1, 2, 3, 4 EXCEPT SELECT * FROM workflow_facets",
        "SELECT * FROM workflow_facets WHERE workflows > 0 EXCEPT SELECT type, definition_name, priority, status, count(*) FROM workflows GROUP BY 1, 2, 3, 4",
    ];

    public static async Task VerifyAsync(SqliteStore store)
    {
        Assert.Equal("ok", await store.WriteAsync(database => database.Statement("PRAGMA integrity_check").First(row => row.Text(0)), CancellationToken.None));
        foreach (var query in NoRows)
        {
            Assert.False(await store.WriteAsync(database => database.Statement(query).Any(), CancellationToken.None), query);
        }
    }
}
