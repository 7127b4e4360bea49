using Npgsql;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>The connections to one database, and the one way to use them: with a limit in time, a watch on the server's silence, and failures in the words of the port.</summary>
/// <remarks>
/// A server that is slow and one that is gone look the same from here: no answer. So a command that has waited for <see cref="PostgresStoreOptions.Patience"/> asks over another
/// connection whether the server is at work on it. If it is, the command goes on; if there is no answer, or the server knows nothing of the command, its connection is given up.
/// </remarks>
internal sealed class PostgresConnections : IAsyncDisposable
{
    private const int MaxTries = 5;

    private readonly PostgresStoreOptions _options;
    private readonly PostgresSource _pool;
    private readonly PostgresSource _alone;
    private readonly PostgresProbe _probe;
    private int _generation;

    public PostgresConnections(PostgresStoreOptions options)
    {
        _options = options;
        var given = new NpgsqlConnectionStringBuilder(options.ConnectionString);
        var complete = Complete(given, options);
        _pool = new PostgresSource(complete);
        _alone = new PostgresSource(new NpgsqlConnectionStringBuilder(complete.ConnectionString) { Pooling = false });
        _probe = new PostgresProbe(given, options);
        Failures = new PostgresFailures(given);
    }

    public PostgresFailures Failures { get; }

    /// <summary>Rises when the sessions from before are worth nothing any more: the server was restarted, replaced or demoted, or the way to it was cut. It may have other data since.</summary>
    public int Generation => Volatile.Read(ref _generation);

    /// <summary>Runs one statement and reads what it gives.</summary>
    /// <param name="sql">The statement, with positional parameters.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <param name="read">Reads the answer.</param>
    /// <param name="cancellationToken">Ends the call before the statement was sent.</param>
    public Task<T> QueryAsync<T>(string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, Task<T>> read, CancellationToken cancellationToken) =>
        UseAsync(
            async (connection, until) =>
            {
                await using var command = new NpgsqlCommand(sql, connection);
                foreach (var parameter in parameters)
                {
                    parameter.Collection?.Remove(parameter);
                    command.Parameters.Add(parameter);
                }

                await using var reader = await command.ExecuteReaderAsync(until);
                return await read(reader);
            },
            cancellationToken);

    /// <summary>Reads all rows of a statement.</summary>
    public Task<List<T>> RowsAsync<T>(string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken) => QueryAsync(
        sql,
        parameters,
        async reader =>
        {
            var rows = new List<T>();
            while (await reader.ReadAsync(CancellationToken.None))
            {
                rows.Add(row(reader));
            }

            return rows;
        },
        cancellationToken);

    /// <summary>Reads the first row of a statement. Null: there is none.</summary>
    public async Task<T?> FirstAsync<T>(string sql, IReadOnlyList<NpgsqlParameter> parameters, Func<NpgsqlDataReader, T> row, CancellationToken cancellationToken)
        where T : class => (await RowsAsync(sql, parameters, row, cancellationToken)) is [var first, ..] ? first : null;

    /// <summary>Runs a statement for its effect.</summary>
    /// <returns>How many rows it changed.</returns>
    public Task<int> ExecuteAsync(string sql, IReadOnlyList<NpgsqlParameter> parameters, CancellationToken cancellationToken) =>
        QueryAsync(sql, parameters, async reader => { await reader.CloseAsync(); return reader.RecordsAffected; }, cancellationToken);

    /// <summary>Works on a connection of its own. Repeats what the server undid to let another go on.</summary>
    public async Task<T> UseAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            try
            {
                return await UseOnceAsync(work, cancellationToken);
            }
            catch (Exception failure) when (PostgresFailures.IsWorthRepeating(failure) && tries < MaxTries)
            {
                // The next turn may find the others gone.
            }
            catch (Exception failure) when (PostgresFailures.IsOne(failure))
            {
                throw Report(failure);
            }
        }
    }

    /// <summary>The exception of the port for a failure. Sessions that are of no use since are forgotten.</summary>
    public Exception Report(Exception failure)
    {
        if (PostgresFailures.EndsSessions(failure))
        {
            Forget();
        }

        return Failures.Translate(failure);
    }

    /// <summary>A connection to keep. It is not watched.</summary>
    public async Task<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => await _pool.OpenAsync(cancellationToken);

    /// <summary>A connection that ends when it is closed, and with it the locks that it holds. It is not watched.</summary>
    public async Task<NpgsqlConnection> OpenAloneAsync(CancellationToken cancellationToken) => await _alone.OpenAsync(cancellationToken);

    /// <summary>Waits for a command that was sent, as long as the server is at work on it.</summary>
    /// <param name="work">The command.</param>
    /// <param name="connection">Its connection.</param>
    /// <param name="giveUp">Canceled when nothing is to be expected any more.</param>
    public async Task<T> WatchAsync<T>(Task<T> work, NpgsqlConnection connection, CancellationTokenSource giveUp)
    {
        while (true)
        {
            try
            {
                return await work.WaitAsync(_options.Patience);
            }
            catch (TimeoutException) when (!work.IsCompleted)
            {
                var cause = await _probe.FindSilenceAsync(connection.ProcessID, work);
                if (cause is not null)
                {
                    _ = AbandonAsync(work, connection, giveUp);
                    Forget();
                    throw Failures.Silent(cause);
                }
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _probe.DisposeAsync();
        await _alone.DisposeAsync();
        await _pool.DisposeAsync();
    }

    // The other connections came the same way: left to themselves, each would fail a call of its own.
    private void Forget()
    {
        Interlocked.Increment(ref _generation);
        _pool.Clear();
    }

    private async Task<T> UseOnceAsync<T>(Func<NpgsqlConnection, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        var connection = await OpenAsync(cancellationToken);
        var giveUp = new CancellationTokenSource();
        Task<T>? running = null;
        try
        {
            running = work(connection, giveUp.Token);
            return await WatchAsync(running, connection, giveUp);
        }
        finally
        {
            if (running is null or { IsCompleted: true })
            {
                await connection.DisposeAsync();
                giveUp.Dispose();
            }
        }
    }

    // Nobody waits for it any more; it ends when the driver has noticed, too.
    private static async Task AbandonAsync<T>(Task<T> work, NpgsqlConnection connection, CancellationTokenSource giveUp)
    {
        await Task.Run(giveUp.Cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await ((Task)work).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisposeAsync();
        giveUp.Dispose();
    }

    private static NpgsqlConnectionStringBuilder Complete(NpgsqlConnectionStringBuilder given, PostgresStoreOptions options)
    {
        var complete = new NpgsqlConnectionStringBuilder(given.ConnectionString)
        {
            MaxPoolSize = options.MaxConnections,
            Timeout = (int)Math.Ceiling(options.ConnectTimeout.TotalSeconds),
            CommandTimeout = (int)Math.Ceiling(options.CommandTimeout.TotalSeconds),
            CancellationTimeout = 1000,
            NoResetOnClose = true,
            MaxAutoPrepare = 100,
            AutoPrepareMinUsages = 2,
            IncludeErrorDetail = false,
        };
        complete.ApplicationName ??= "stack-orchestrator";
        return complete;
    }
}
