using System.Collections.Concurrent;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Stores.Postgres;
using Stack.Tests.Conformance;
using Stack.Tests.Servers;
using static Stack.Tests.Conformance.Writes;

namespace Stack.Tests.Orchestrator.Stores.Postgres;

/// <summary>Several stores on one database, as several orchestrators have them.</summary>
[NeedsServer("postgresql")]
public sealed class PostgresConcurrencyTests : IAsyncLifetime
{
    private PostgresDatabase? _database;

    private PostgresDatabase Database => _database!;

    public async Task InitializeAsync()
    {
        _database = await PostgresDatabase.CreateAsync();
        await _database.OpenMigratedAsync();
    }

    public async Task DisposeAsync() => await Database.DisposeAsync();

    [ServerFact]
    public async Task Commit_TwoStoresChangeTheSameWorkflows_OfEachVersionExactlyOneWins()
    {
        PostgresStore[] stores = [Database.Open(), Database.Open(), Database.Open()];
        var writes = Enumerable.Range(0, 20).Select(_ => Submit(NextId())).ToArray();
        await stores[0].CommitAsync(writes);
        for (var round = 0; round < 20; round++)
        {
            var outcomes = await Task.WhenAll(stores.Select((store, i) => Task.Run(() =>
            {
                // In another order each, so that rows would be locked crosswise.
                var mine = writes.Select(write => write.Then(new WorkflowResumed { At = Now, By = $"{i}" })).OrderBy(_ => Guid.NewGuid()).ToArray();
                return store.CommitAsync(mine);
            })));
            foreach (var write in writes)
            {
                Assert.Single(outcomes, outcome => !outcome.Conflicts.Contains(write.State.Id));
            }

            writes = [.. writes.Select(write => write.Then())];
        }

        foreach (var write in writes)
        {
            Assert.Equal(21, (await stores[0].LoadOneAsync(write.State.Id)).State.Version);
            Assert.Equal(22, (await stores[1].EventNamesAsync(write.State.Id)).Count);
        }

        await PostgresInvariants.VerifyAsync(Database);
    }

    [ServerFact]
    public async Task Commit_OneKeyFromTwoStores_MakesOneWorkflow()
    {
        PostgresStore[] stores = [Database.Open(), Database.Open()];
        for (var round = 0; round < 20; round++)
        {
            var outcomes = await Task.WhenAll(stores.Select(store => Task.Run(() => store.CommitAsync(Submit(NextId(), key: $"key-{round}", type: $"type-{round}")))));
            Assert.Single(outcomes, outcome => outcome.IdempotencyConflicts.Count == 0);
        }

        Assert.Equal(20, (await stores[0].ListAsync(new WorkflowQuery(), CancellationToken.None)).Count);
        await PostgresInvariants.VerifyAsync(Database);
    }

    /// <summary>Whoever follows the log by the highest id seen misses nothing and sees nothing twice, whoever writes.</summary>
    [ServerFact]
    public async Task ReadEvents_FollowedWhileSeveralStoresWrite_ShowsEveryEventOnceInOrder()
    {
        const int Stores = 4, Rounds = 40;
        var writing = Task.WhenAll(Enumerable.Range(0, Stores).Select(number => Task.Run(async () =>
        {
            var store = Database.Open();
            for (var round = 0; round < Rounds; round++)
            {
                await store.CommitAsync([.. Enumerable.Range(0, 1 + ((round + number) % 7)).Select(_ => Submit(NextId()))]);
            }
        })));
        var reader = Database.Open();
        var seen = new List<StoredEvent>();
        bool isOver, hasMore;
        do
        {
            isOver = writing.IsCompleted;
            var page = await reader.ReadEventsAsync(null, seen.Count == 0 ? 0 : seen[^1].Id, 11, CancellationToken.None);
            seen.AddRange(page);
            hasMore = page.Count > 0;
        }
        while (hasMore || !isOver);

        await writing;
        var all = new List<StoredEvent>();
        for (var page = await reader.ReadEventsAsync(null, 0, 1000, CancellationToken.None); page.Count > 0; page = await reader.ReadEventsAsync(null, all[^1].Id, 1000, CancellationToken.None))
        {
            all.AddRange(page);
        }

        Assert.Equal(all.Select(stored => stored.Id), seen.Select(stored => stored.Id));
        Assert.Equal(all.Count, all.DistinctBy(stored => stored.Id).Count());
        Assert.Equal(Enumerable.Range(1, all.Count).Select(id => (long)id), all.Select(stored => stored.Id));
    }

    [ServerFact]
    public async Task Prune_WhileOthersCommitTheSameContent_KeepsWhatIsStillNamed()
    {
        var (writer, pruner) = (Database.Open(), Database.Open());
        var kept = new ConcurrentBag<WorkflowId>();
        var writing = Task.Run(async () =>
        {
            for (var i = 0; i < 40; i++)
            {
                var output = End("build", 1, output: Payload(70_000));
                await writer.CommitAsync(Submit(NextId()).Ended(WorkflowStatus.Completed, Now.AddDays(-2)) with { EndedAttempts = [output] });
                var stays = Submit(NextId()) with { EndedAttempts = [output] };
                await writer.CommitAsync(stays);
                kept.Add(stays.State.Id);
            }
        });
        while (!writing.IsCompleted)
        {
            await pruner.PruneAsync(Now, 3, dryRun: false, CancellationToken.None);
        }

        await writing;
        foreach (var id in kept)
        {
            Assert.Equal(Payload(70_000), Assert.Single(await writer.LoadOutputsAsync(id, CancellationToken.None)).Value);
        }

        await PostgresInvariants.VerifyAsync(Database);
    }

    [ServerFact]
    public async Task Commit_TextThatPostgresCannotHold_IsStoredWithAReplacement()
    {
        var store = Database.Open();
        var id = NextId();
        var write = Submit(id, key: "key \0 \ud800") with { DisplayState = "A\0B" };
        await store.CommitAsync(write with { Header = write.Header! with { Name = "a\0b", Requirements = "\udc00" } });
        await store.CommitAsync(Note(id, new AttemptProgressed { At = Now, Message = "c\0d" }));
        var stored = await store.LoadOneAsync(id);
        Assert.Equal(("A\uFFFDB", "a\0b"), (stored.DisplayState, stored.Header.Name));
        Assert.Equal("c\uFFFDd", (await store.AttemptAsync(id)).Message);
        Assert.Equal(id, (await store.FindIdempotencyKeyAsync("key \0 \ud800", CancellationToken.None))!.WorkflowId);
    }
}
