using System.Globalization;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Stores.Sqlite;
using Stack.Tests.Conformance;

namespace Stack.Tests.Orchestrator.Stores.Sqlite;

/// <summary>
/// A process that writes batches until it is killed, and says which writes the store has acknowledged: a line with the workflow and its version after each commit.
/// Every write has two events.
/// </summary>
internal static class SqliteCrashWriter
{
    public const string Name = "sqlite-crash-writer";

    private const int Writers = 3;

    public static int Run(string directory, TextWriter output)
    {
        RunAsync(directory, output).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(string directory, TextWriter output)
    {
        using var store = new SqliteStore(new SqliteStoreOptions { DataDirectory = directory }, TimeProvider.System);
        await store.MigrateAsync(CancellationToken.None);
        var lines = TextWriter.Synchronized(output);
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(number => Task.Run(() => WriteAsync(store, number, lines))));
    }

    private static async Task WriteAsync(SqliteStore store, int number, TextWriter lines)
    {
        var current = new WorkflowWrite?[1 + (number * 7)];
        for (var round = 0; ; round++)
        {
            for (var i = 0; i < current.Length; i++)
            {
                current[i] = Next(current[i], round);
            }

            await store.CommitAsync(current.Select(write => write!).ToArray());
            await store.RecordStepAsync(new StepKey(current[0]!.State.Id, "build", $"{round}", ""), 1, JsonPayload.EmptyObject, Writes.Now, CancellationToken.None);
            await lines.WriteAsync(string.Concat(current.Select(write => string.Create(CultureInfo.InvariantCulture, $"{write!.State.Id} {write.State.Version}\n"))));
            await lines.FlushAsync();
        }
    }

    /// <summary>Three writes make a workflow: submitted, a stage completed with 1 KB (every ninth time 80 KB), ended.</summary>
    private static WorkflowWrite Next(WorkflowWrite? before, int round) => before switch
    {
        null or { State.End: not null } => Writes.Submit(new WorkflowId(Guid.CreateVersion7())),
        { State.Version: 1 } => before.Then(new StageCompleted { At = Writes.Now, Stage = "build", Attempt = 1 }, new StageQueued { At = Writes.Now, Stage = "test", Attempt = 1 }) with
        {
            EndedAttempts = [Writes.End("build", 1, output: Writes.Payload(round % 9 == 1 ? 80_000 + round : 1000))],
            NewAttempts = [Writes.Begin("test", 1)],
        },
        _ => before.Then(new StageCompleted { At = Writes.Now, Stage = "test", Attempt = 1 }).Ended(WorkflowStatus.Completed) with { EndedAttempts = [Writes.End("test", 1, output: Writes.Payload(500))] },
    };
}
