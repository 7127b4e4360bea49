using Stack.Contracts;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Sqlite;

internal sealed partial class SqliteStore
{
    /// <inheritdoc />
    public Task ApplyDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken) =>
        _writer.RunAsync(
            database =>
            {
                var name = definition.Definition.Name;
                if (database.Statement("SELECT 1 FROM current_definitions WHERE name = ? AND version = ?").Bind(name).Bind(definition.Version).Any())
                {
                    return false;
                }

                database.Statement(UpsertDefinition)
                    .Bind(definition.Version).Bind(name).Bind(definition.BuiltIn ? 1 : 0).Bind(definition.AppliedAt)
                    .Bind(JsonPayload.From(definition.Definition)).Bind(definition.Source)
                    .Run();
                database.Statement("INSERT INTO current_definitions (name, version) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version")
                    .Bind(name).Bind(definition.Version).Run();
                return true;
            },
            cancellationToken);

    /// <inheritdoc />
    public Task KeepDefinitionAsync(StoredDefinition definition, CancellationToken cancellationToken) => _writer.RunAsync(
        database => database.Statement("INSERT INTO definitions (version, name, built_in, applied_at, definition, source) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (version) DO NOTHING")
            .Bind(definition.Version).Bind(definition.Definition.Name).Bind(definition.BuiltIn ? 1 : 0).Bind(definition.AppliedAt).Bind(JsonPayload.From(definition.Definition)).Bind(definition.Source)
            .Run(),
        cancellationToken);

    /// <inheritdoc />
    public Task<StoredDefinition?> FindDefinitionAsync(string name, CancellationToken cancellationToken) =>
        _readers.ReadAsync(database => database.Statement(SelectDefinition + CurrentOfName).Bind(name).First(Definition), cancellationToken);

    /// <inheritdoc />
    public Task<StoredDefinition?> LoadDefinitionAsync(string version, CancellationToken cancellationToken) =>
        _readers.ReadAsync(database => database.Statement(SelectDefinition + " WHERE version = ?").Bind(version).First(Definition), cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<StoredDefinition>> ListDefinitionsAsync(CancellationToken cancellationToken) =>
        _readers.ReadAsync<IReadOnlyList<StoredDefinition>>(database => database.Statement(SelectDefinition + CurrentOfAll).Rows(Definition), cancellationToken);

    private static StoredDefinition Definition(SqliteStatement row) => new(
        row.Json(3)!.To<WorkflowDefinition>()!,
        Version: row.Text(0),
        Source: row.Text(4),
        BuiltIn: row.Int64(1) != 0,
        AppliedAt: row.Time(2));

    private const string SelectDefinition = "SELECT version, built_in, applied_at, definition, source FROM definitions";
    private const string CurrentOfName = " JOIN current_definitions USING (version) WHERE current_definitions.name = ?";
    private const string CurrentOfAll = " JOIN current_definitions USING (version) ORDER BY current_definitions.name";

    private const string UpsertDefinition = """
        INSERT INTO definitions (version, name, built_in, applied_at, definition, source) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (version) DO UPDATE SET built_in = excluded.built_in, applied_at = excluded.applied_at, source = excluded.source
        """;
}
