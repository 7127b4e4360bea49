using System.Collections.Concurrent;
using Npgsql;
using Stack.Engine;

namespace Stack.Orchestrator.Stores.Postgres;

/// <summary>Writes batches over connections that are kept for it, each with its prepared call and its columns.</summary>
internal sealed class PostgresCommits(PostgresConnections connections) : IAsyncDisposable
{
    private const int MaxTries = 5;
    private const int MaxIdle = 2;

    private readonly ConcurrentBag<Writer> _idle = [];

    /// <summary>Writes a batch. What is left out is in the outcome.</summary>
    public async Task<CommitOutcome> WriteAsync(CommitBatch batch, PostgresFacets facets, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await WriteOnceAsync(batch, facets, cancellationToken);
            }
            catch (Exception failure) when (PostgresFailures.IsWorthRepeating(failure) && tries < MaxTries)
            {
                // It wrote nothing, and the next turn may find the others gone.
            }
            catch (Exception failure) when (PostgresFailures.IsOne(failure))
            {
                throw connections.Failures.Translate(failure);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        while (_idle.TryTake(out var writer))
        {
            await writer.DisposeAsync();
        }
    }

    private async Task<CommitOutcome> WriteOnceAsync(CommitBatch batch, PostgresFacets facets, CancellationToken cancellationToken)
    {
        var writer = _idle.TryTake(out var idle) ? idle : await Writer.OpenAsync(connections, cancellationToken);
        var giveUp = new CancellationTokenSource();
        Task<CommitOutcome>? running = null;
        var sound = false;
        try
        {
            writer.Columns.Fill(batch, facets);
            running = writer.SendAsync(batch, giveUp.Token);
            var outcome = await connections.WatchAsync(running, writer.Connection, giveUp);
            sound = true;
            return outcome;
        }
        catch (PostgresException)
        {
            sound = writer.Connection.FullState == System.Data.ConnectionState.Open;
            throw;
        }
        finally
        {
            await PutBackAsync(writer, running, sound);
        }
    }

    private async Task PutBackAsync(Writer writer, Task? running, bool sound)
    {
        writer.Columns.Clear();
        if (sound && _idle.Count < MaxIdle)
        {
            _idle.Add(writer);
        }
        else if (running is null or { IsCompleted: true })
        {
            await writer.DisposeAsync();
        }
    }

    /// <summary>One connection with its prepared call.</summary>
    private sealed class Writer : IAsyncDisposable
    {
        private readonly NpgsqlCommand _call;

        private Writer(NpgsqlConnection connection)
        {
            Connection = connection;
            Columns = new PostgresBatch();
            _call = new NpgsqlCommand(Columns.Call, connection);
            foreach (var parameter in Columns.Parameters)
            {
                _call.Parameters.Add(parameter);
            }
        }

        public NpgsqlConnection Connection { get; }

        public PostgresBatch Columns { get; }

        public static async Task<Writer> OpenAsync(PostgresConnections connections, CancellationToken cancellationToken)
        {
            var writer = new Writer(await connections.OpenAsync(cancellationToken));
            await writer._call.PrepareAsync(cancellationToken);
            return writer;
        }

        public async Task<CommitOutcome> SendAsync(CommitBatch batch, CancellationToken giveUp)
        {
            if (batch.Workflows.All(write => write.Claims.Count == 0))
            {
                return await CallAsync(giveUp);
            }

            // Rare: a workflow goes on after a pause.
            await using var transaction = await Connection.BeginTransactionAsync(giveUp);
            var outcome = await CallAsync(giveUp);
            var written = batch.Workflows.Where(write => !outcome.Conflicts.Contains(write.State.Id));
            outcome = outcome with { Claimed = await PostgresParking.ClaimAsync(Connection, batch.Node, [.. written.SelectMany(write => write.Claims)], giveUp) };
            await transaction.CommitAsync(giveUp);
            return outcome;
        }

        private async Task<CommitOutcome> CallAsync(CancellationToken giveUp)
        {
            await using var reader = await _call.ExecuteReaderAsync(giveUp);
            await reader.ReadAsync(giveUp);
            return Columns.OutcomeOf(await reader.GetFieldValueAsync<long[]>(0, giveUp));
        }

        public async ValueTask DisposeAsync()
        {
            Columns.Dispose();
            await _call.DisposeAsync();
            await Connection.DisposeAsync();
        }
    }
}
