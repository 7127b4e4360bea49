using Npgsql;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>
/// Opens connections to one database. Each session is told what protects the others from its client: a transaction that its client has left alone is undone, since it may hold the lock of
/// all commits; and a client that is gone without a goodbye, with its machine or the network, is noticed within a quarter of a minute.
/// </summary>
/// <remarks>Of several hosts (<c>Host=a,b</c>) the one is used that takes writes, unless <c>Target Session Attributes</c> says otherwise.</remarks>
internal sealed class PostgresSource : IAsyncDisposable
{
    private const string TargetKey = "Target Session Attributes";

    // Commits look at what others wrote while they waited for their lock, whatever isolation the server's administrator prefers.
    private const string Session = """
        SET default_transaction_isolation = 'read committed';
        SET idle_in_transaction_session_timeout = 5000;
        SET tcp_keepalives_idle = 5;
        SET tcp_keepalives_interval = 3;
        SET tcp_keepalives_count = 3
        """;

    private readonly NpgsqlDataSource _all;
    private readonly NpgsqlDataSource _used;

    public PostgresSource(NpgsqlConnectionStringBuilder address)
    {
        var plain = new NpgsqlConnectionStringBuilder(address.ConnectionString);
        plain.Remove(TargetKey);
        var builder = new NpgsqlDataSourceBuilder(plain.ConnectionString);
        builder.UsePhysicalConnectionInitializer(Begin, BeginAsync);
        _all = builder.Build();
        _used = _all is NpgsqlMultiHostDataSource hosts ? hosts.WithTargetSession(TargetOf(address)) : _all;
    }

    /// <summary>Opens a connection, or takes one that is open and free.</summary>
    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => _used.OpenConnectionAsync(cancellationToken);

    /// <summary>Closes what is open and free; what is in use is closed when it is given back.</summary>
    public void Clear() => _all.Clear();

    public ValueTask DisposeAsync() => _all.DisposeAsync();

    private static TargetSessionAttributes TargetOf(NpgsqlConnectionStringBuilder address) =>
        Enum.TryParse<TargetSessionAttributes>(address.TargetSessionAttributes?.Replace("-", "", StringComparison.Ordinal), ignoreCase: true, out var target) ? target : TargetSessionAttributes.Primary;

    private static void Begin(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand(Session, connection);
        command.ExecuteNonQuery();
    }

    private static async Task BeginAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Session, connection);
        await command.ExecuteNonQueryAsync();
    }
}
