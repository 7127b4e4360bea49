using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Stores.Sqlite;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

/// <summary>Databases that an earlier version of the program left.</summary>
public sealed class SqliteMigrationTests : IDisposable
{
    private const string Prefix = "Stack.Orchestrator.Stores.Sqlite.Migrations.";
    private readonly SqliteDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Migrate_AttemptsOfAVersionWithoutVerification_AreAllThereAndWorkOn()
    {
        var id = Writes.NextId();
        Make(4, database =>
        {
            database.Statement("INSERT INTO workflows (id, version, type, definition_name, priority, status, display_state, progress, state) VALUES (?, 1, 'app', 'app', 1, 'running', 'B', 0, ?)")
                .Bind(id).Bind(JsonPayload.From(Writes.Submit(id).State)).Run();
            database.Statement("INSERT INTO workflow_headers (seq, name, description, definition_version, created_at, requirements) VALUES (1, 'n', '', 'v', 0, '')").Run();
            database.Statement("INSERT INTO attempts (workflow_id, stage, attempt, status, agent_type, priority, created_at, finished_at, message, parked) VALUES (?, 'build', 1, 'lost', 'builder', 2, 7, 9, 'gone', 0)").Bind(id).Run();
            database.Statement("INSERT INTO attempts (workflow_id, stage, attempt, status, agent_type, priority, created_at, parked) VALUES (?, 'build', 2, 'pending', 'builder', 2, 8, 1)").Bind(id).Run();
        });

        var store = await _directory.OpenMigratedAsync();
        var lost = await store.AttemptAsync(id);
        Assert.Equal((AttemptStatus.Lost, "gone", 7L), (lost.Attempt.Status, lost.Message, lost.Attempt.CreatedAt.UtcTicks));
        var parked = Assert.Single(await store.TakeParkedAsync(1, "builder", Writes.Now, TimeSpan.Zero, 10, CancellationToken.None));
        Assert.Equal(2, parked.TaskId.Attempt);
        await store.CommitAsync(Writes.Submit(id).Then(new StageClaimed { At = Writes.Now, Stage = "build", Attempt = 2 }) with { EndedAttempts = [Writes.End("build", 2, AttemptStatus.Verifying)] });
        Assert.Equal(AttemptStatus.Verifying, (await store.AttemptAsync(id, attempt: 2)).Attempt.Status);
    }

    private void Make(int version, Action<SqliteDatabase> fill)
    {
        using var database = SqliteDatabase.OpenWriter(_directory.File, new SqliteStoreOptions(), create: true);
        database.UseWriteAheadLog();
        database.BeginWrite();
        database.Execute("CREATE TABLE schema_version (version INTEGER PRIMARY KEY CHECK (version > 0), name TEXT NOT NULL, applied_at INTEGER NOT NULL)");
        var assembly = typeof(SqliteStore).Assembly;
        foreach (var name in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).Take(version))
        {
            using var text = new StreamReader(assembly.GetManifestResourceStream(name)!);
            database.Execute(text.ReadToEnd());
            database.Statement("INSERT INTO schema_version VALUES (?, ?, 0)").Bind(long.Parse(name[Prefix.Length..][..3], System.Globalization.CultureInfo.InvariantCulture)).Bind(name[Prefix.Length..]).Run();
        }

        fill(database);
        database.Commit();
    }
}
