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
    public async Task<CommitOutcome> WriteAsync(CommitBatch batch, FacetNumbers facets, CancellationToken cancellationToken)
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
                throw connections.Report(failure);
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

    private async Task<CommitOutcome> WriteOnceAsync(CommitBatch batch, FacetNumbers facets, CancellationToken cancellationToken)
    {
        var writer = await TakeAsync(cancellationToken);
        var giveUp = new CancellationTokenSource();
        Task<CommitOutcome>? running = null;
        var sound = false;
        try
        {
            running = writer.SendAsync(batch, facets, giveUp.Token);
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

    private async Task<Writer> TakeAsync(CancellationToken cancellationToken)
    {
        while (_idle.TryTake(out var idle))
        {
            if (idle.Generation == connections.Generation)
            {
                return idle;
            }

            await idle.DisposeAsync();
        }

        var generation = connections.Generation;
        return new Writer(await connections.OpenAsync(cancellationToken), generation);
    }

    private async Task PutBackAsync(Writer writer, Task? running, bool sound)
    {
        writer.Clear();
        if (sound && _idle.Count < MaxIdle)
        {
            _idle.Add(writer);
        }
        else if (running is null or { IsCompleted: true })
        {
            await writer.DisposeAsync();
        }
    }

    /// <summary>One connection with its prepared calls.</summary>
    private sealed class Writer : IAsyncDisposable
    {
        private readonly PostgresJson _json = new();
        private readonly PostgresBatch _batch;
        private readonly NpgsqlCommand _batchCall;
        private readonly (PostgresStep Step, NpgsqlCommand Call)[] _steps;
        private bool _isPrepared;

        public Writer(NpgsqlConnection connection, int generation)
        {
            (Connection, Generation) = (connection, generation);
            _batch = new PostgresBatch(_json);
            _batchCall = CallOf(_batch.Call, _batch.Parameters);
            _steps = [.. ((PostgresStep[])[PostgresStep.OfStep(), PostgresStep.OfSubmission()]).Select(step => (step, CallOf(step.Call, step.Parameters)))];
        }

        public NpgsqlConnection Connection { get; }

        /// <summary>Which sessions its own belongs to; see <see cref="PostgresConnections.Generation"/>.</summary>
        public int Generation { get; }

        public async Task<CommitOutcome> SendAsync(CommitBatch batch, FacetNumbers facets, CancellationToken giveUp)
        {
            await PrepareAsync(giveUp);
            foreach (var (step, call) in _steps)
            {
                if (step.Fits(batch))
                {
                    step.Fill(batch, facets, _json);
                    if (await call.ExecuteScalarAsync(giveUp) is long lastEventId)
                    {
                        return new CommitOutcome { LastEventId = lastEventId };
                    }
                }
            }

            _batch.Fill(batch, facets);
            if (batch.Workflows.All(write => write.Claims.Count + write.SettledAttempts.Count + write.Approvals.Count == 0))
            {
                return await CallAsync(giveUp);
            }

            // Rare: a workflow goes on after a pause, a claim was checked, or people are asked.
            await using var transaction = await Connection.BeginTransactionAsync(giveUp);
            var outcome = await CallAsync(giveUp);
            var written = batch.Workflows.Where(write => !outcome.Conflicts.Contains(write.State.Id) && !outcome.IdempotencyConflicts.Contains(write.State.Id)).ToList();
            await PostgresSettlements.WriteAsync(Connection, written, giveUp);
            await PostgresApprovals.WriteAsync(Connection, written.SelectMany(write => write.Approvals), giveUp);
            if (written.Exists(write => write.Claims.Count > 0))
            {
                outcome = outcome with { Claimed = await PostgresParking.ClaimAsync(Connection, batch.Node, [.. written.SelectMany(write => write.Claims)], giveUp) };
            }

            await transaction.CommitAsync(giveUp);
            return outcome;
        }

        /// <summary>Lets go of the batch.</summary>
        public void Clear()
        {
            _batch.Clear();
            _json.Clear();
        }

        private async ValueTask PrepareAsync(CancellationToken giveUp)
        {
            if (_isPrepared)
            {
                return;
            }

            await _batchCall.PrepareAsync(giveUp);
            foreach (var (_, call) in _steps)
            {
                await call.PrepareAsync(giveUp);
            }

            _isPrepared = true;
        }

        private async Task<CommitOutcome> CallAsync(CancellationToken giveUp)
        {
            await using var reader = await _batchCall.ExecuteReaderAsync(giveUp);
            await reader.ReadAsync(giveUp);
            return _batch.OutcomeOf(await reader.GetFieldValueAsync<long[]>(0, giveUp));
        }

        public async ValueTask DisposeAsync()
        {
            await _batchCall.DisposeAsync();
            foreach (var (_, call) in _steps)
            {
                await call.DisposeAsync();
            }

            await Connection.DisposeAsync();
            _json.Dispose();
        }

        private NpgsqlCommand CallOf(string statement, IReadOnlyList<NpgsqlParameter> parameters)
        {
            var call = new NpgsqlCommand(statement, Connection);
            foreach (var parameter in parameters)
            {
                call.Parameters.Add(parameter);
            }

            return call;
        }
    }
}
