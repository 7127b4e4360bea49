using Npgsql;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Asks the server over a connection of its own what it is at work on. Many who ask at once share one question.</summary>
internal sealed class PostgresProbe : IAsyncDisposable
{
    private static readonly TimeSpan LastMoment = TimeSpan.FromMilliseconds(250);

    private readonly PostgresSource _source;
    private readonly TimeSpan _limit;
    private readonly Lock _lock = new();
    private Task<HashSet<int>>? _asking;

    public PostgresProbe(NpgsqlConnectionStringBuilder address, PostgresStoreOptions options)
    {
        _limit = options.Patience;
        var seconds = Math.Max(1, (int)Math.Ceiling(options.Patience.TotalSeconds));
        _source = new PostgresSource(new NpgsqlConnectionStringBuilder(address.ConnectionString)
        {
            Pooling = false,
            Timeout = seconds,
            CommandTimeout = seconds,
            ApplicationName = "stack-orchestrator-probe",
        });
    }

    /// <summary>Why nothing is to be expected of a command. Null: the server is at work on it, or it has ended meanwhile.</summary>
    /// <param name="processId">The server's process of the command's connection.</param>
    /// <param name="command">The command.</param>
    public async Task<Exception?> FindSilenceAsync(int processId, Task command)
    {
        Exception cause;
        try
        {
            if ((await AskAsync().WaitAsync(_limit)).Contains(processId))
            {
                return null;
            }

            cause = new TimeoutException("the connection is cut: the server answers on another one, and is not at work on what was asked on this one");
        }
        catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
        {
            // It is there, and lets nobody else in: the connection that there is must not be given up for one that cannot be had.
            return null;
        }
        catch (Exception failure) when (PostgresFailures.IsOne(failure))
        {
            cause = failure;
        }

        // Its answer may have been on its way while we asked.
        await command.WaitAsync(LastMoment).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return command.IsCompleted ? null : cause;
    }

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    private Task<HashSet<int>> AskAsync()
    {
        lock (_lock)
        {
            return _asking is { IsCompleted: false } ? _asking : _asking = FindBusyAsync();
        }
    }

    private async Task<HashSet<int>> FindBusyAsync()
    {
        await using var connection = await _source.OpenAsync(CancellationToken.None);

        // In a transaction that waits for its client, the server is at work on nothing.
        await using var command = new NpgsqlCommand("SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state NOT LIKE 'idle%'", connection);
        await using var reader = await command.ExecuteReaderAsync();
        var busy = new HashSet<int>();
        while (await reader.ReadAsync())
        {
            busy.Add(reader.GetInt32(0));
        }

        return busy;
    }
}
