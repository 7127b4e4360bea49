namespace Stack.Tests.Orchestrator.Stores.Postgres;

/// <summary>What must hold in every database, whatever happened to the server and to those who wrote.</summary>
internal static class PostgresInvariants
{
    private static readonly string[] NoRows =
    [
        "SELECT 'header' FROM workflows WHERE id NOT IN (SELECT workflow_id FROM workflow_headers)",
        "SELECT 'workflow' FROM workflow_headers WHERE workflow_id NOT IN (SELECT id FROM workflows)",
        "SELECT 'version' FROM workflows WHERE version <> (state::json ->> 'version')::bigint",
        "SELECT 'facet' FROM workflows WHERE facet NOT IN (SELECT id FROM workflow_facets)",
        "SELECT 'count' FROM (SELECT facet, status, count(*) FROM workflows GROUP BY 1, 2 EXCEPT SELECT facet, status, workflows FROM workflow_counts) c",
        "SELECT 'count' FROM (SELECT facet, status, workflows FROM workflow_counts WHERE workflows <> 0 EXCEPT SELECT facet, status, count(*) FROM workflows GROUP BY 1, 2) c",
        "SELECT 'attempt' FROM attempts WHERE workflow_id NOT IN (SELECT id FROM workflows)",
        "SELECT 'attempt' FROM open_attempts WHERE workflow_id NOT IN (SELECT id FROM workflows)",
        "SELECT 'both' FROM open_attempts o JOIN attempts a USING (workflow_id, stage, attempt)",
        "SELECT 'twice' FROM attempts GROUP BY workflow_id, stage, attempt HAVING count(*) > 1",
        "SELECT 'blob' FROM blobs WHERE sha256 NOT IN (SELECT output_sha256 FROM attempts WHERE output_sha256 IS NOT NULL)",
        "SELECT 'blob' FROM attempts WHERE output_sha256 IS NOT NULL AND output_sha256 NOT IN (SELECT sha256 FROM blobs)",
        "SELECT 'blob' FROM blobs WHERE sha256 <> sha256(convert_to(content, 'UTF8'))",
        "SELECT 'event' FROM events WHERE workflow_id NOT IN (SELECT id FROM workflows)",
        "SELECT 'event' FROM events WHERE id > (SELECT last_value FROM event_ids)",
        "SELECT 'overlap' FROM (SELECT id - json_array_length(happened::json) AS first, lag(id) OVER (ORDER BY id) AS before FROM events) e WHERE first < before",
    ];

    public static async Task VerifyAsync(PostgresDatabase database)
    {
        foreach (var query in NoRows)
        {
            Assert.True((await database.ReadAsync<string>(query)).Count == 0, query);
        }
    }
}
