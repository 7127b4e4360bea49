using Npgsql;
using NpgsqlTypes;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>
/// The store on PostgreSQL, for any number of orchestrators. A batch is written by one call of a function (<c>commit_batch</c>, <c>commit_step</c> when there is only one step): one round trip, one transaction, one flush to the disk.
/// </summary>
internal sealed partial class PostgresStore : IWorkflowStore, IDefinitionStore, IDeploymentStore, ILedgerStore, IModelJournal, IEvidenceStore, IAsyncDisposable, IDisposable
{
    private readonly PostgresConnections _connections;
    private readonly PostgresFacets _facets;
    private readonly PostgresCommits _commits;

    public PostgresStore(PostgresStoreOptions options)
    {
        _connections = new PostgresConnections(options);
        _facets = new PostgresFacets(_connections);
        _commits = new PostgresCommits(_connections);
        Nodes = new PostgresNodes(_connections);
    }

    /// <summary>Host, port and database, for messages.</summary>
    public string Server => _connections.Failures.Server;

    /// <summary>The orchestrators that work on this database.</summary>
    public PostgresNodes Nodes { get; }

    /// <inheritdoc />
    public Task MigrateAsync(CancellationToken cancellationToken) => _connections.UseAsync(
        async (connection, until) =>
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(until, cancellationToken);
            await PostgresSchema.MigrateAsync(connection, Server, either.Token);
            return true;
        },
        cancellationToken);

    /// <summary>Asks the database for a sign of life.</summary>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="StoreUnavailableException">There is none.</exception>
    public Task PingAsync(CancellationToken cancellationToken) => _connections.ExecuteAsync("SELECT 1", [], cancellationToken);

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await Nodes.DisposeAsync();
        await _commits.DisposeAsync();
        await _connections.DisposeAsync();
    }

    /// <inheritdoc />
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private static NpgsqlParameter<Guid> Uuid(Contracts.WorkflowId id) => new() { TypedValue = id.Value, NpgsqlDbType = NpgsqlDbType.Uuid };

    private static NpgsqlParameter Text(string? text) => new() { Value = text ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Json(Contracts.JsonPayload? json) => new() { Value = json is null ? DBNull.Value : json.Utf8, NpgsqlDbType = NpgsqlDbType.Text };

    private static NpgsqlParameter Number(int? number) => new() { Value = number ?? (object)DBNull.Value, NpgsqlDbType = NpgsqlDbType.Integer };

    private static NpgsqlParameter<long> Long(long number) => new() { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Bigint };

    private static NpgsqlParameter<DateTime> Time(DateTimeOffset time) => new() { TypedValue = time.UtcDateTime, NpgsqlDbType = NpgsqlDbType.TimestampTz };
}
