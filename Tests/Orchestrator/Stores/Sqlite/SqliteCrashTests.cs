using System.Diagnostics;
using System.Globalization;
using Stack.Contracts;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

public sealed class SqliteCrashTests : IDisposable
{
    private const int Kills = 5;

    private readonly SqliteDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    /// <summary>A process that writes is killed with -9 again and again, after it has said at least so many lines, on the same database.</summary>
    [Fact]
    public async Task Commit_ProcessKilled_EveryAcknowledgedWriteIsThereAndTheDatabaseIsSound()
    {
        var random = new Random(20260301);
        for (var kill = 0; kill < Kills; kill++)
        {
            var acknowledged = await WriteUntilKilledAsync(random.Next(1, 400));
            Assert.NotEmpty(acknowledged);

            using var store = await _directory.OpenMigratedAsync();
            await SqliteInvariants.VerifyAsync(store);
            foreach (var ids in acknowledged.Keys.Chunk(1000))
            {
                var stored = await store.LoadAsync(ids, CancellationToken.None);
                Assert.Equal(ids.Length, stored.Count);
                Assert.All(stored, workflow => Assert.InRange(workflow.State.Version, acknowledged[workflow.Header.Id], long.MaxValue));
            }

            await store.WriteAsync(database => NoHalfWrites(database), CancellationToken.None);
        }
    }

    /// <summary>A write is there with all that belongs to it, or not at all.</summary>
    private static bool NoHalfWrites(SqliteDatabase database)
    {
        const string Halves = """
            SELECT * FROM workflows
            WHERE (SELECT count(*) FROM events WHERE workflow_id = workflows.id) <> 2 * version
                OR (SELECT count(*) FROM attempts WHERE workflow_id = workflows.id) <> min(version, 2)
                OR (SELECT count(*) FROM attempts WHERE workflow_id = workflows.id AND counted) <> version - 1
                OR (SELECT count(*) FROM attempts WHERE workflow_id = workflows.id AND result_id IS NOT NULL) <> version - 1
            """;
        Assert.False(database.Statement(Halves).Any());
        return true;
    }

    private async Task<Dictionary<WorkflowId, long>> WriteUntilKilledAsync(int lines)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath is { } path && Path.GetFileNameWithoutExtension(path) == "dotnet" ? path : "dotnet")
        {
            RedirectStandardOutput = true,
            ArgumentList = { "exec", typeof(SqliteCrashTests).Assembly.Location, SqliteCrashWriter.Name, _directory.Path },
        };
        using var writer = Process.Start(start)!;
        var acknowledged = new Dictionary<WorkflowId, long>();
        try
        {
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
            for (var line = 0; line < lines; line++)
            {
                Note(await writer.StandardOutput.ReadLineAsync(deadline.Token), acknowledged);
            }
        }
        finally
        {
            writer.Kill();
        }

        // What the pipe still holds was acknowledged before the process died; the last line may be half a line.
        var rest = await writer.StandardOutput.ReadToEndAsync();
        foreach (var line in rest.Split('\n')[..^1])
        {
            Note(line, acknowledged);
        }

        await writer.WaitForExitAsync();
        return acknowledged;
    }

    private static void Note(string? line, Dictionary<WorkflowId, long> acknowledged)
    {
        Assert.NotNull(line);
        var parts = line.Split(' ');
        acknowledged[WorkflowId.Parse(parts[0], null)] = long.Parse(parts[1], CultureInfo.InvariantCulture);
    }
}
