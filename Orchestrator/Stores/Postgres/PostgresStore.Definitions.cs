using Npgsql;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

internal sealed partial class PostgresStore
{
    /// <inheritdoc />
    public Task ApplyDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken) => _connections.ExecuteAsync(ApplyDefinition, Columns(definition), cancellationToken);

    /// <inheritdoc />
    public Task KeepDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken) => _connections.ExecuteAsync(
        "INSERT INTO definitions (version, name, built_in, applied_at, definition, source) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (version) DO NOTHING", Columns(definition), cancellationToken);

    /// <inheritdoc />
    public Task<StoredDefinition?> FindDefinitionAsync(string name, CancellationToken cancellationToken) =>
        _connections.FirstAsync($"{SelectDefinition} JOIN current_definitions c USING (version) WHERE c.name = $1", [Text(PostgresText.Storable(name))], Definition, cancellationToken);

    /// <inheritdoc />
    public Task<StoredDefinition?> LoadDefinitionAsync(string version, CancellationToken cancellationToken) =>
        _connections.FirstAsync($"{SelectDefinition} WHERE d.version = $1", [Text(PostgresText.Storable(version))], Definition, cancellationToken);

    /// <inheritdoc />
    public async Task<IReadOnlyList<StoredDefinition>> ListDefinitionsAsync(CancellationToken cancellationToken) =>
        await _connections.RowsAsync($"{SelectDefinition} JOIN current_definitions c USING (version) ORDER BY c.name", [], Definition, cancellationToken);

    private static NpgsqlParameter[] Columns(StoredDefinition definition) =>
    [
        Text(definition.Version), Text(definition.Definition.Name), new() { Value = definition.BuiltIn }, Time(definition.AppliedAt),
        Json(JsonPayload.From(definition.Definition)), Text(PostgresText.Storable(definition.Source)),
    ];

    private static StoredDefinition Definition(NpgsqlDataReader row) => new(
        row.Json<WorkflowDefinition>(3)!,
        Version: row.GetString(0),
        Source: row.GetString(4),
        BuiltIn: row.GetBoolean(1),
        AppliedAt: row.Time(2));

    private const string SelectDefinition = "SELECT d.version, d.built_in, d.applied_at, d.definition, d.source FROM definitions d";

    /// <summary>What is current already is not written again.</summary>
    private const string ApplyDefinition = """
        WITH outdated AS (SELECT WHERE NOT EXISTS (SELECT FROM current_definitions WHERE name = $2 AND version = $1)),
        written AS (
            INSERT INTO definitions (version, name, built_in, applied_at, definition, source) SELECT $1, $2, $3, $4, $5, $6 FROM outdated
            ON CONFLICT (version) DO UPDATE SET built_in = excluded.built_in, applied_at = excluded.applied_at, source = excluded.source)
        INSERT INTO current_definitions (name, version) SELECT $2, $1 FROM outdated ON CONFLICT (name) DO UPDATE SET version = excluded.version
        """;
}
