using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Stores.Sqlite;
using Stack.Tests.Conformance;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

/// <summary>What only the SQLite store can be asked: its file, and what befalls it.</summary>
public sealed class SqliteStoreTests : IDisposable
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(200);

    private readonly SqliteDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Reopen_AfterClose_EverythingIsThere()
    {
        var write = Submit(NextId(), key: "k") with { EndedAttempts = [End("build", 1, output: Payload(100_000))] };
        long last;
        using (var store = await _directory.OpenMigratedAsync())
        {
            last = (await store.CommitAsync(write)).LastEventId;
        }

        var again = await _directory.OpenMigratedAsync();
        Same(write.State, (await again.LoadOneAsync(write.State.Id)).State);
        Assert.Equal(Payload(100_000), (await again.LoadOutputsAsync(write.State.Id, CancellationToken.None))["build"]);
        Assert.Equal(write.Idempotency, await again.FindIdempotencyKeyAsync("k", CancellationToken.None));
        Assert.Equal(last + 1, (await again.CommitAsync(write.Then(new WorkflowResumed { At = Now }))).LastEventId);
    }

    [Fact]
    public async Task Commit_Settings_AreThoseOfADurableDatabase()
    {
        var store = await _directory.OpenMigratedAsync();
        Assert.Equal("wal", await store.WriteAsync(database => database.Statement("PRAGMA journal_mode").First(row => row.Text(0)), CancellationToken.None));
        Assert.Equal(2, await store.WriteAsync(database => database.Statement("PRAGMA synchronous").Scalar(), CancellationToken.None));
        Assert.Equal(1, await store.WriteAsync(database => database.Statement("PRAGMA foreign_keys").Scalar(), CancellationToken.None));
    }

    [Fact]
    public async Task Migrate_ManyAtOnceOnAnEmptyDirectory_AllSucceed()
    {
        var stores = Enumerable.Range(0, 8).Select(_ => _directory.Open()).ToList();
        await Task.WhenAll(stores.Select(store => Task.Run(() => store.MigrateAsync(CancellationToken.None))));
        Assert.Equal(SqliteSchema.CurrentVersion, await stores[3].WriteAsync(database => database.Statement("SELECT count(*) FROM schema_version").Scalar(), CancellationToken.None));
        await stores[5].CommitAsync(Submit(NextId()));
    }

    [Fact]
    public async Task Migrate_NewerSchema_IsRefusedWithBothVersionsAndTheRemedy()
    {
        var store = await _directory.OpenMigratedAsync();
        await store.WriteAsync(database => database.Statement("INSERT INTO schema_version VALUES (99, '099_future.sql', 0)").Run(), CancellationToken.None);

        var newer = _directory.Open();
        var refusal = await Assert.ThrowsAsync<StoreSchemaException>(() => newer.MigrateAsync(CancellationToken.None));
        Assert.Contains("99", refusal.Message, StringComparison.Ordinal);
        Assert.Contains($"up to {SqliteSchema.CurrentVersion}", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("Remedy", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreSchemaException>(() => newer.CommitAsync(Submit(NextId())));
        await Assert.ThrowsAsync<StoreSchemaException>(() => newer.CountAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Commit_NeverMigrated_IsUnavailableAndSaysSo()
    {
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _directory.Open().CommitAsync(Submit(NextId())));
        Assert.Contains(_directory.File, refusal.Message, StringComparison.Ordinal);
        Assert.Contains("migrated", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_DirectoryCannotBeMade_IsUnavailableAndNamesIt()
    {
        var file = Path.Combine(_directory.Path, "a file");
        await File.WriteAllTextAsync(file, "");
        using var store = new SqliteStore(new SqliteStoreOptions { DataDirectory = Path.Combine(file, "data") }, TimeProvider.System);
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MigrateAsync(CancellationToken.None));
        Assert.Contains("a file", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_LockedByAnotherProgram_IsUnavailableUntilItLetsGo()
    {
        var store = await _directory.OpenMigratedAsync(Short);
        var write = Submit(NextId());
        using (var other = SqliteDatabase.OpenWriter(_directory.File, new SqliteStoreOptions(), create: false))
        {
            other.BeginWrite();
            var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(write));
            Assert.Contains("locked by another program for 0.2 s", refusal.Message, StringComparison.Ordinal);
            Assert.Empty(await store.LoadAsync([write.State.Id], CancellationToken.None));
            other.Rollback();
        }

        await store.CommitAsync(write);
        await store.LoadOneAsync(write.State.Id);
    }

    [Fact]
    public async Task Commit_DiskFull_WritesNothingAndWorksOnceThereIsSpace()
    {
        var store = await _directory.OpenMigratedAsync();
        await store.CommitAsync(Submit(NextId()));
        await store.WriteAsync(database => Limit(database, "PRAGMA max_page_count = 1"), CancellationToken.None);
        var large = Submit(NextId()) with { EndedAttempts = [End("build", 1, output: Payload(60_000))] };
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(large));
        Assert.Contains("full", refusal.Message, StringComparison.Ordinal);
        Assert.Contains("MiB free", refusal.Message, StringComparison.Ordinal);
        Assert.Empty(await store.LoadAsync([large.State.Id], CancellationToken.None));
        Assert.Empty(await store.EventNamesAsync(large.State.Id));

        await store.WriteAsync(database => Limit(database, "PRAGMA max_page_count = 1000000"), CancellationToken.None);
        await store.CommitAsync(large);
        Assert.Equal(Payload(60_000), (await store.AttemptAsync(large.State.Id)).Output);
    }

    [Fact]
    public async Task Commit_FileIsNoDatabase_IsUnavailableUntilItIsMovedAway()
    {
        await File.WriteAllTextAsync(_directory.File, new string('?', 8192));
        var store = _directory.Open();
        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => store.MigrateAsync(CancellationToken.None));
        Assert.Contains("damaged", refusal.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CommitAsync(Submit(NextId())));
        await Assert.ThrowsAsync<StoreUnavailableException>(() => store.CountAsync(CancellationToken.None));

        File.Delete(_directory.File);
        await store.MigrateAsync(CancellationToken.None);
        await store.CommitAsync(Submit(NextId()));
    }

    [Fact]
    public async Task Commit_DamagedInTheMiddle_IsUnavailable()
    {
        using (var store = await _directory.OpenMigratedAsync())
        {
            await store.CommitAsync([.. Enumerable.Range(0, 200).Select(_ => Submit(NextId()))]);
        }

        using (var file = File.OpenWrite(_directory.File))
        {
            file.Position = 4096;
            file.Write(Enumerable.Repeat((byte)0xA5, (int)file.Length - 8192).ToArray());
        }

        var refusal = await Assert.ThrowsAsync<StoreUnavailableException>(() => _directory.Open().CommitAsync(Submit(NextId())));
        Assert.Contains("damaged", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commit_LargeOutputTwice_IsStoredOnceAndGoesWithTheLastUser()
    {
        var store = await _directory.OpenMigratedAsync();
        var writes = Enumerable.Range(1, 2)
            .Select(day => (Submit(NextId()) with { EndedAttempts = [End("build", 1, output: Payload(65_537))] }).Ended(WorkflowStatus.Completed, Now.AddDays(-day))).ToArray();
        await store.CommitAsync(writes);
        await store.CommitAsync(Submit(NextId()) with { EndedAttempts = [End("build", 1, output: Payload(65_536))] });
        Assert.Equal(1, await BlobsAsync(store));
        await store.PruneAsync(Now, 1, dryRun: false, CancellationToken.None);
        Assert.Equal(1, await BlobsAsync(store));
        await store.PruneAsync(Now, 1, dryRun: false, CancellationToken.None);
        Assert.Equal(0, await BlobsAsync(store));
        await SqliteInvariants.VerifyAsync(store);
    }

    [Fact]
    public async Task ListBudgets_ByPrefix_ReadsARangeOfTheKeyOnly()
    {
        var store = await _directory.OpenMigratedAsync();
        var plan = await store.WriteAsync(database => database.Statement("EXPLAIN QUERY PLAN " + SqliteStore.SelectBudgets).Bind("workflow/").Bind(10).Rows(row => row.Text(3)), CancellationToken.None);
        Assert.EndsWith("budgets USING PRIMARY KEY (key>? AND key<?)", Assert.Single(plan), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Dispose_WithWorkQueued_FinishesIt()
    {
        var ids = Enumerable.Range(0, 50).Select(_ => NextId()).ToList();
        List<Task<CommitOutcome>> commits;
        var store = await _directory.OpenMigratedAsync();
        commits = [.. ids.Select(id => store.CommitAsync(Submit(id)))];
        store.Dispose();
        await Task.WhenAll(commits);
        Assert.Equal(50, (await _directory.Open().LoadAsync(ids, CancellationToken.None)).Count);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.CommitAsync(Submit(NextId())));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => store.CountAsync(CancellationToken.None));
    }

    private static bool Limit(SqliteDatabase database, string pragma)
    {
        database.Execute(pragma);
        return true;
    }

    private static Task<long> BlobsAsync(SqliteStore store) => store.WriteAsync(database => database.Statement("SELECT count(*) FROM blobs").Scalar(), CancellationToken.None);
}
