using System.Diagnostics;
using Stack.Contracts;
using Stack.Engine;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Benchmarks;

/// <summary>What the SQLite store does by itself: no engine, no HTTP, every commit on the disk before it is answered.</summary>
internal static class StoreBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(string[] arguments)
    {
        var history = arguments.Length > 0 ? int.Parse(arguments[0]) : 1_000_000;
        var directory = Directory.CreateTempSubdirectory("store-benchmark-").FullName;
        try
        {
            Console.WriteLine($"SQLite store in {directory}, {Environment.ProcessorCount} cores");
            Console.WriteLine();
            await MeasureWritesAsync(directory, history);
            await MeasureListsAsync(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureWritesAsync(string directory, int history)
    {
        Console.WriteLine("| writes per commit | finished before | commits/s | workflow writes/s | rows/s | of 5-stage workflows/s | CPU µs per write | p50 ms | p99 ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var size in (int[])[1, 16, 256])
        {
            await MeasureWritesAsync(Path.Combine(directory, $"empty-{size}"), size, 0);
        }

        if (history > 0)
        {
            var full = Path.Combine(directory, "full");
            using (var store = Open(full))
            {
                await store.MigrateAsync(default);
                await StoreHistory.FillAsync(store, history);
            }

            await MeasureWritesAsync(full, 256, history);
        }
    }

    private static async Task MeasureWritesAsync(string directory, int size, int history)
    {
        using var store = Open(directory);
        await store.MigrateAsync(default);
        await WriteAsync(store, size, TimeSpan.FromSeconds(1));
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var watch = Stopwatch.StartNew();
        var (writes, rows, latencies) = await WriteAsync(store, size, Duration);
        var seconds = watch.Elapsed.TotalSeconds;
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        latencies.Sort();
        Console.WriteLine(
            $"| {size} | {history:N0} | {latencies.Count / seconds:N0} | {writes / seconds:N0} | {rows / seconds:N0} | {writes / seconds / StoreWorkload.WritesPerWorkflow:N0} "
            + $"| {cpu.TotalMicroseconds / writes:N0} | {Percentile(latencies, 0.5):N2} | {Percentile(latencies, 0.99):N2} |");
    }

    private static async Task<(long Writes, long Rows, List<double> Latencies)> WriteAsync(SqliteStore store, int size, TimeSpan duration)
    {
        var time = TimeProvider.System;
        var workflows = new StoreWorkload[size];
        var latencies = new List<double>();
        long writes = 0, rows = 0;
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < duration)
        {
            var batch = new List<WorkflowWrite>(size);
            for (var i = 0; i < size; i++)
            {
                if (workflows[i] is null or { IsOver: true })
                {
                    workflows[i] = new StoreWorkload(time);
                }

                var (write, rowsOfWrite) = workflows[i].Next(time.GetUtcNow());
                batch.Add(write);
                rows += rowsOfWrite;
            }

            var before = watch.Elapsed;
            var outcome = await store.CommitAsync(new CommitBatch { Workflows = batch }, default);
            latencies.Add((watch.Elapsed - before).TotalMilliseconds);
            if (outcome.Conflicts.Count > 0)
            {
                throw new InvalidOperationException("A conflict without a competitor.");
            }

            writes += size;
        }

        return (writes, rows, latencies);
    }

    private static async Task MeasureListsAsync(string directory)
    {
        var full = Path.Combine(directory, "full");
        if (!Directory.Exists(full))
        {
            return;
        }

        using var store = Open(full);
        var middle = (await store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Failed, Limit = 1000 }, default))[^1].Header.Id;
        (string What, Func<Task> Read)[] reads =
        [
            ("list: newest 50", () => store.ListAsync(new WorkflowQuery(), default)),
            ("list: newest 1,000", () => store.ListAsync(new WorkflowQuery { Limit = 1000 }, default)),
            ("list: failed", () => store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Failed }, default)),
            ("list: waiting (none)", () => store.ListAsync(new WorkflowQuery { Status = WorkflowStatus.Waiting }, default)),
            ("list: type", () => store.ListAsync(new WorkflowQuery { Type = "bugfix" }, default)),
            ("list: priority", () => store.ListAsync(new WorkflowQuery { Priority = Priority.Critical }, default)),
            ("list: definition, older page", () => store.ListAsync(new WorkflowQuery { Definition = "app", Before = middle }, default)),
            ("list: type and status that never met", () => store.ListAsync(new WorkflowQuery { Type = "feature", Status = WorkflowStatus.Exhausted }, default)),
            ("count", () => store.CountAsync(default)),
            ("attempts: newest 50", () => store.ListAttemptsAsync(new AttemptQuery(), default)),
            ("attempts: failed", () => store.ListAttemptsAsync(new AttemptQuery { Status = AttemptStatus.Failed }, default)),
            ("attempts: of a type", () => store.ListAttemptsAsync(new AttemptQuery { AgentType = "e2e" }, default)),
            ("attempts: active (all)", () => store.ListActiveAttemptsAsync(null, 1000, default)),
            ("attempts: overdue", () => store.ListOverdueAttemptsAsync(TimeProvider.System.GetUtcNow(), 1000, default)),
            ("timers", () => store.ListDueTimersAsync(TimeProvider.System.GetUtcNow(), 1000, default)),
            ("events of a workflow", () => store.ReadEventsAsync(middle, 0, 1000, default)),
            ("events: last 1,000", () => store.ReadEventsAsync(null, 1_000_000, 1000, default)),
            ("load one", () => store.LoadAsync([middle], default)),
            ("outputs of one", () => store.LoadOutputsAsync(middle, default)),
        ];

        Console.WriteLine();
        Console.WriteLine("| read | first ms | p50 ms | worst of 50 ms |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var (what, read) in reads)
        {
            var latencies = new List<double>();
            for (var i = 0; i < 50; i++)
            {
                var watch = Stopwatch.StartNew();
                await read();
                latencies.Add(watch.Elapsed.TotalMilliseconds);
            }

            Console.WriteLine($"| {what} | {latencies[0]:N2} | {Percentile([.. latencies.Order()], 0.5):N2} | {latencies.Max():N2} |");
        }
    }

    private static double Percentile(List<double> sorted, double part) => sorted[(int)((sorted.Count - 1) * part)];

    private static SqliteStore Open(string directory) => new(new SqliteStoreOptions { DataDirectory = directory }, TimeProvider.System);
}
