using System.Diagnostics;
using Npgsql;
using NpgsqlTypes;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>
/// The orchestrators that work on one database. Signs of life go over a connection of their own, whose session holds the lock of the leader: when the process or its connection ends,
/// another one leads with its next sign of life; when it falls silent and its session stays, the others end that. Silence is measured by the server's clock.
/// </summary>
internal sealed class PostgresNodes(PostgresConnections connections) : INodeDirectory, IAsyncDisposable
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private NpgsqlConnection? _connection;
    private bool _leads;
    private long _looked = Stopwatch.GetTimestamp();

    /// <inheritdoc />
    public Task<int> JoinAsync(string name, CancellationToken cancellationToken) => UseAsync(
        async (connection, until) =>
        {
            await using var insert = Command(connection, Join);
            insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = name, NpgsqlDbType = NpgsqlDbType.Text });
            return (int)(await insert.ExecuteScalarAsync(until))!;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task<NodeBeat?> BeatAsync(int node, IReadOnlyCollection<string> hungry, TimeSpan deadAfter, CancellationToken cancellationToken) => UseAsync(
        async (connection, until) =>
        {
            var beat = await BeatAsync(connection, node, hungry, deadAfter, until);
            if (!_leads && (Stopwatch.GetElapsedTime(_looked) >= deadAfter || beat?.Peers.Any(peer => peer.Silent) == true))
            {
                await EndSilentLeaderAsync(connection, deadAfter, until);
            }

            return beat;
        },
        cancellationToken);

    /// <inheritdoc />
    public Task<int> BuryAsync(IReadOnlyCollection<int> nodes, TimeSpan deadAfter, CancellationToken cancellationToken) => UseAsync(
        async (connection, until) =>
        {
            await using var command = Command(connection, "DELETE FROM nodes WHERE node = ANY ($1) AND clock_timestamp() - seen_at > $2");
            command.Parameters.Add(new NpgsqlParameter<int[]> { TypedValue = [.. nodes], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Integer });
            command.Parameters.Add(Interval(deadAfter));
            return await command.ExecuteNonQueryAsync(until);
        },
        cancellationToken);

    /// <inheritdoc />
    public async Task LeaveAsync(int node, CancellationToken cancellationToken)
    {
        await UseAsync(
            async (connection, until) =>
            {
                // The server would take the lock back, too, but a moment after the connection is closed.
                await using var command = Command(connection, "WITH gone AS (DELETE FROM nodes WHERE node = $1) SELECT CASE WHEN $2 THEN pg_advisory_unlock(1398030676, 2) END");
                command.Parameters.Add(Number(node));
                command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = _leads, NpgsqlDbType = NpgsqlDbType.Boolean });
                return await command.ExecuteScalarAsync(until);
            },
            cancellationToken);
        await DisposeAsync();
    }

    /// <inheritdoc />
    public async ValueTask DisposeAsync()
    {
        await _one.WaitAsync();
        try
        {
            await EndAsync();
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<NodeBeat?> BeatAsync(NpgsqlConnection connection, int node, IReadOnlyCollection<string> hungry, TimeSpan deadAfter, CancellationToken until)
    {
        await using var command = Command(connection, Beat);
        command.Parameters.Add(Number(node));
        command.Parameters.Add(new NpgsqlParameter<string[]> { TypedValue = [.. hungry], NpgsqlDbType = NpgsqlDbType.Array | NpgsqlDbType.Text });
        command.Parameters.Add(Interval(deadAfter));
        command.Parameters.Add(new NpgsqlParameter<bool> { TypedValue = !_leads, NpgsqlDbType = NpgsqlDbType.Boolean });
        await using var reader = await command.ExecuteReaderAsync(until);
        return await ReadAsync(node, reader, until);
    }

    // A leader that hangs, or whose machine is gone, keeps its session, and with it the lock. Whoever asks next has it then.
    private async Task EndSilentLeaderAsync(NpgsqlConnection connection, TimeSpan deadAfter, CancellationToken until)
    {
        _looked = Stopwatch.GetTimestamp();
        await using var command = Command(connection, EndSilentLeader);
        command.Parameters.Add(Interval(deadAfter));
        await command.ExecuteNonQueryAsync(until);
    }

    private async Task<NodeBeat?> ReadAsync(int node, NpgsqlDataReader reader, CancellationToken until)
    {
        var (isThere, highest, at, peers) = (false, 0, default(DateTimeOffset), new List<NodePeer>());
        while (await reader.ReadAsync(until))
        {
            var number = reader.GetInt32(0);
            highest = (int)reader.GetInt64(3);
            at = reader.Time(5);
            _leads |= !reader.IsDBNull(4) && reader.GetBoolean(4);
            if (number == node)
            {
                isThere = true;
            }
            else
            {
                peers.Add(new NodePeer(number, reader.GetBoolean(1), reader.GetFieldValue<string[]>(2)));
            }
        }

        return isThere ? new NodeBeat(_leads, peers, new NodeRoll([node, .. peers.Select(peer => peer.Node)], highest)) { At = at } : null;
    }

    private async Task<T> UseAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        Task<T>? running = null;
        try
        {
            var connection = _connection ??= await connections.OpenAloneAsync(cancellationToken);
            var giveUp = new CancellationTokenSource();
            running = work(connection, giveUp.Token);
            return await connections.WatchAsync(running, connection, giveUp);
        }
        catch (Exception failure) when (PostgresFailures.IsOne(failure))
        {
            throw connections.Report(failure);
        }
        finally
        {
            if (running is { IsCompleted: false })
            {
                // It was given up, and is closed when the driver has noticed.
                (_connection, _leads) = (null, false);
            }
            else if (running is not { IsCompletedSuccessfully: true })
            {
                await EndAsync();
            }

            _one.Release();
        }
    }

    // With the session its lock ends: whatever went wrong, this process leads no longer.
    private async Task EndAsync()
    {
        var connection = _connection;
        (_connection, _leads) = (null, false);
        if (connection is not null)
        {
            await connection.DisposeAsync();
        }
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql) => new(sql, connection);

    private static NpgsqlParameter<TimeSpan> Interval(TimeSpan span) => new() { TypedValue = span, NpgsqlDbType = NpgsqlDbType.Interval };

    private static NpgsqlParameter<int> Number(int number) => new() { TypedValue = number, NpgsqlDbType = NpgsqlDbType.Integer };

    // Whoever has the name already gets another number.
    private const string Join = """
        INSERT INTO nodes (name, seen_at, hungry) VALUES ($1, clock_timestamp(), '{}')
        ON CONFLICT (name) DO UPDATE SET node = DEFAULT, seen_at = excluded.seen_at, hungry = excluded.hungry RETURNING node
        """;

    // The lock is asked for once in the statement, and only by who does not have it.
    private const string Beat = """
        WITH beat AS (UPDATE nodes SET seen_at = clock_timestamp(), hungry = $2 WHERE node = $1)
        SELECT node, clock_timestamp() - seen_at > $3, hungry, (SELECT last_value FROM nodes_node_seq), CASE WHEN $4 THEN (SELECT pg_try_advisory_lock(1398030676, 2)) END, clock_timestamp()
        FROM nodes ORDER BY node
        """;

    // The leader's session does nothing but give signs of life. Of other users' sessions nothing is seen, and none is ended.
    private const string EndSilentLeader = """
        SELECT pg_terminate_backend(a.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
        WHERE l.locktype = 'advisory' AND l.classid = 1398030676 AND l.objid = 2 AND l.objsubid = 2 AND l.granted
            AND a.datname = current_database() AND a.usename = current_user AND a.state = 'idle' AND clock_timestamp() - a.state_change > $1
        """;
}
