using System.Diagnostics;
using Npgsql;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

/// <summary>A server that is killed, stopped, halted or cut off: everything that was acknowledged stays, callers learn it within five seconds, and work goes on by itself.</summary>
[NeedsServer("postgresql")]
public sealed class PostgresFailureTests : IAsyncLifetime
{
    private static readonly TimeSpan Detection = TimeSpan.FromSeconds(5);

    private PostgresServer? _server;
    private PostgresDatabase? _database;

    private PostgresServer Server => _server!;

    private PostgresDatabase Database => _database!;

    public async Task InitializeAsync()
    {
        _server = await PostgresServer.StartAsync("restart_after_crash=on");
        _database = await PostgresDatabase.CreateAsync(_server);
    }

    public async Task DisposeAsync()
    {
        await Database.DisposeAsync();
        await Server.DisposeAsync();
    }

    [ServerFact]
    public async Task Commit_ServerKilledAgainAndAgain_EverythingAcknowledgedIsThere()
    {
        var store = await Database.OpenMigratedAsync();
        var acknowledged = new Dictionary<WorkflowId, long>();
        for (var kill = 0; kill < 3; kill++)
        {
            using var stop = new CancellationTokenSource();
            var writers = Enumerable.Range(0, 3).Select(number => Task.Run(() => WriteUntilItFailsAsync(store, 1 + (number * 7), acknowledged, stop.Token))).ToList();
            var goal = acknowledged.Count + 60;
            await WaitAsync(() => Task.FromResult(Count(acknowledged) >= goal));
            await Server.KillAsync();
            await Task.WhenAll(writers);
            await Server.StartAsync();
        }

        await WaitAsync(() => AnswersAsync(store));
        foreach (var ids in acknowledged.Keys.Chunk(500))
        {
            var stored = (await store.LoadAsync(ids, CancellationToken.None)).ToDictionary(workflow => workflow.Header.Id);
            Assert.All(ids, id => Assert.InRange(stored[id].State.Version, acknowledged[id], acknowledged[id] + 1));
        }

        await PostgresInvariants.VerifyAsync(Database);
    }

    [ServerFact]
    public async Task Commit_ServerRestarted_FailsMeanwhileNamingTheServerAndRecoversByItself()
    {
        var store = await Database.OpenMigratedAsync();
        var write = Submit(NextId());
        await store.CommitAsync(write);
        await Server.StopAsync();
        var began = Stopwatch.GetTimestamp();
        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(write.Then()));
        failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(write.Then()));
        Assert.InRange(Stopwatch.GetElapsedTime(began), TimeSpan.Zero, Detection);
        Assert.Contains($"database '{Database.Name}' on 127.0.0.1:{Server.Port} cannot be reached", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Password, failure.ToString(), StringComparison.Ordinal);
        await Server.StartAsync();
        await WaitAsync(() => AnswersAsync(store));
        Assert.Empty((await store.CommitAsync(write.Then())).Conflicts);
    }

    [ServerFact]
    public async Task AnyCall_ServerHalted_FailsWithinFiveSecondsAndRecoversByItself()
    {
        var store = await Database.OpenMigratedAsync();
        var write = Submit(NextId());
        await store.CommitAsync(write);
        Server.Pause();
        try
        {
            var calls = new Func<Task>[]
            {
                () => store.CommitAsync(write.Then()),
                () => store.LoadAsync([write.State.Id], CancellationToken.None),
                () => store.CountAsync(CancellationToken.None),
            };
            var took = await Task.WhenAll(calls.Select(async call =>
            {
                var began = Stopwatch.GetTimestamp();
                await Assert.ThrowsAsync<StoreUnavailableException>(call);
                return Stopwatch.GetElapsedTime(began);
            }));
            Assert.All(took, time => Assert.InRange(time, TimeSpan.Zero, Detection));
        }
        finally
        {
            Server.Resume();
        }

        await WaitAsync(() => AnswersAsync(store));

        // Whether the commit came through is for the compare-and-set to find out.
        var stored = await store.LoadOneAsync(write.State.Id);
        Assert.Empty((await store.CommitAsync((write with { State = stored.State }).Then())).Conflicts);
    }

    [ServerFact]
    public async Task Commit_ServerIsSlow_IsWaitedFor()
    {
        var store = await Database.OpenMigratedAsync();
        await store.CommitAsync(Submit(NextId()));
        var holding = Database.ExecuteAsync("BEGIN; SELECT pg_advisory_xact_lock(1398030676, 1); SELECT pg_sleep(6); COMMIT");
        await WaitAsync(async () => (await Database.ReadAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted)"))[0]);
        Assert.Empty((await store.CommitAsync(Submit(NextId()))).Conflicts);
        await holding;
    }

    [ServerFact]
    public async Task Commit_ServerIsSlowAndLetsNobodyElseIn_IsWaitedFor()
    {
        var store = await Database.OpenMigratedAsync();
        await store.CommitAsync(Submit(NextId()));
        var others = new List<NpgsqlConnection>();
        try
        {
            await FillAsync(others);
            await using var locking = new NpgsqlCommand("BEGIN; SELECT pg_advisory_xact_lock(1398030676, 1)", others[0]);
            await locking.ExecuteNonQueryAsync();
            await using var working = new NpgsqlCommand("SELECT pg_sleep(4); COMMIT", others[0]);
            var holding = working.ExecuteNonQueryAsync();
            Assert.Empty((await store.CommitAsync(Submit(NextId()))).Conflicts);
            await holding;
        }
        finally
        {
            await Task.WhenAll(others.Select(other => other.DisposeAsync().AsTask()));
        }
    }

    [ServerFact]
    public async Task Calls_ServerWasRestarted_FailOnceAtMost()
    {
        var store = await Database.OpenMigratedAsync();
        await UseManyConnectionsAsync(store);
        await Server.StopAsync();
        await Server.StartAsync();
        var failures = 0;
        for (var call = 0; call < 10; call++)
        {
            failures += await AnswersAsync(store) ? 0 : 1;
        }

        Assert.InRange(failures, 0, 1);
    }

    [ServerFact]
    public async Task Commit_ConnectionsCutAgainAndAgain_NothingIsHalfWrittenAndNothingAcknowledgedIsLost()
    {
        await Database.OpenMigratedAsync();
        await using var wire = new TcpCutter(Server.Port);
        var store = Database.Open(wire.Port);
        var acknowledged = new Dictionary<WorkflowId, long>();
        using var stop = new CancellationTokenSource();
        var writer = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await WriteUntilItFailsAsync(store, 5, acknowledged, stop.Token);
            }
        });
        for (var cut = 1; cut <= 20; cut++)
        {
            var goal = cut * 10;
            await WaitAsync(() => Task.FromResult(Count(acknowledged) >= goal));
            wire.Cut();
        }

        await stop.CancelAsync();
        await writer;
        foreach (var ids in acknowledged.Keys.Chunk(500))
        {
            var stored = (await store.LoadAsync(ids, CancellationToken.None)).ToDictionary(workflow => workflow.Header.Id);
            Assert.All(ids, id => Assert.InRange(stored[id].State.Version, acknowledged[id], acknowledged[id] + 1));
        }

        await PostgresInvariants.VerifyAsync(Database);
    }

    [ServerFact]
    public async Task Open_WrongPassword_SaysWhomTheServerRefuses()
    {
        var store = Database.Open(change: options => options.ConnectionString = options.ConnectionString.Replace(new Npgsql.NpgsqlConnectionStringBuilder(options.ConnectionString)["Username"]!.ToString()!, "nobody", StringComparison.Ordinal));
        var failure = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MigrateAsync(CancellationToken.None));
        Assert.Contains("refuses user 'nobody'", failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(PostgresServer.Password, failure.ToString(), StringComparison.Ordinal);
    }

    // Calls that wait for the same table each have a connection.
    private async Task UseManyConnectionsAsync(PostgresStore store)
    {
        var holding = Database.ExecuteAsync("BEGIN; LOCK TABLE workflows; SELECT pg_sleep(1); COMMIT");
        await WaitAsync(async () => (await Database.ReadAsync<bool>("SELECT EXISTS (SELECT FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND relation = 'workflows'::regclass AND granted)"))[0]);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => store.LoadAsync([NextId()], CancellationToken.None)));
        await holding;
    }

    private async Task FillAsync(List<NpgsqlConnection> others)
    {
        while (true)
        {
            var other = new NpgsqlConnection(Database.Address + ";Pooling=false");
            try
            {
                await other.OpenAsync();
                others.Add(other);
            }
            catch (PostgresException full) when (full.SqlState == PostgresErrorCodes.TooManyConnections)
            {
                await other.DisposeAsync();
                return;
            }
        }
    }

    private static async Task WriteUntilItFailsAsync(PostgresStore store, int size, Dictionary<WorkflowId, long> acknowledged, CancellationToken stop)
    {
        try
        {
            while (!stop.IsCancellationRequested)
            {
                var writes = Enumerable.Range(0, size).Select(_ => Submit(NextId())).ToArray();
                await store.CommitAsync(writes);
                Note(acknowledged, writes);
                writes = [.. writes.Select(write => write.Then(new StageCompleted { At = Now, Stage = "build", Attempt = 1 }) with { EndedAttempts = [End("build", 1, output: Payload(1000))] })];
                await store.CommitAsync(writes);
                Note(acknowledged, writes);
            }
        }
        catch (StoreUnavailableException)
        {
            // What was under way may be there or not.
        }
    }

    private static void Note(Dictionary<WorkflowId, long> acknowledged, WorkflowWrite[] writes)
    {
        lock (acknowledged)
        {
            foreach (var write in writes)
            {
                acknowledged[write.State.Id] = write.State.Version;
            }
        }
    }

    private static int Count(Dictionary<WorkflowId, long> acknowledged)
    {
        lock (acknowledged)
        {
            return acknowledged.Count;
        }
    }

    private static async Task<bool> AnswersAsync(PostgresStore store)
    {
        try
        {
            await store.CountAsync(CancellationToken.None);
            return true;
        }
        catch (StoreUnavailableException)
        {
            return false;
        }
    }

    private static async Task WaitAsync(Func<Task<bool>> isSo)
    {
        var began = Stopwatch.GetTimestamp();
        while (!await isSo())
        {
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "It did not happen within a minute.");
            await Task.Delay(20);
        }
    }
}
