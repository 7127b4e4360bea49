using Stack.ServiceDefaults.Preflight;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Whether the database lets us in and answers.</summary>
/// <param name="store">The store on it.</param>
internal sealed class PostgresPreflight(PostgresStore store) : IPreflightCheck
{
    /// <inheritdoc />
    public string Name => "postgres";

    /// <inheritdoc />
    public string Remedy => $"Start PostgreSQL, or correct ConnectionStrings:{PostgresStoreOptions.ConnectionName}; without that setting the embedded store is used.";

    /// <inheritdoc />
    public Task CheckAsync(CancellationToken cancellationToken) => store.PingAsync(cancellationToken);
}
