using System.Diagnostics;
using Stack.Benchmarks.Servers;
using Stack.Contracts;
using Stack.Engine;

namespace Stack.Benchmarks;

/// <summary>What a store does by itself: no engine, no HTTP, every commit on the disk before it is answered.</summary>
internal static class StoreBenchmark
{
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(5);

    public static async Task RunAsync(string[] arguments)
    {
        var numbers = arguments.TakeWhile(argument => argument != "--postgres").ToList();
        var history = numbers.Count > 0 ? int.Parse(numbers[0]) : 1_000_000;
        var directory = Directory.CreateTempSubdirectory("store-benchmark-").FullName;
        try
        {
            await using var kind = arguments.SkipWhile(argument => argument != "--postgres").ToList() switch
            {
                [] => new SqliteUnderTest(directory),
                [_] => await PostgresUnderTest.StartAsync(directory),
                [_, var address, ..] => (StoreUnderTest)new PostgresUnderTest(address, server: null),
            };
            Console.WriteLine($"{kind.Name}, {Environment.ProcessorCount} cores");
            Console.WriteLine();
            await MeasureWritesAsync(kind, history);
            if (history > 0)
            {
                await MeasureListsAsync(kind);
            }
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureWritesAsync(StoreUnderTest kind, int history)
    {
        Console.WriteLine("| writes per commit | finished before | commits/s | workflow writes/s | rows/s | of 5-stage workflows/s | CPU µs per write | p50 ms | p99 ms |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|");
        foreach (var size in (int[])[1, 16, 256])
        {
            await MeasureWritesAsync(kind, $"empty_{size}", size, 0);
        }

        if (history > 0)
        {
            await kind.FillAsync("full", history);
            await MeasureWritesAsync(kind, "full", 256, history);
        }
    }

    private static async Task MeasureWritesAsync(StoreUnderTest kind, string name, int size, int history)
    {
        await using var opened = await kind.OpenAsync(name);
        var store = opened.Store;
        await WriteAsync(store, size, TimeSpan.FromSeconds(2));
        var meter = new CpuMeter(kind.Processes);
        var watch = Stopwatch.StartNew();
        var (writes, rows, latencies) = await WriteAsync(store, size, Duration);
        var seconds = watch.Elapsed.TotalSeconds;
        var cpu = meter.Read();
        latencies.Sort();
        var perWrite = string.Join(" + ", cpu.Select(process => $"{process.Name} {process.Seconds * 1e6 / writes:N0}"));
        Console.WriteLine(
            $"| {size} | {history:N0} | {latencies.Count / seconds:N0} | {writes / seconds:N0} | {rows / seconds:N0} | {writes / seconds / StoreWorkload.WritesPerWorkflow:N0} "
            + $"| {perWrite} | {Percentile(latencies, 0.5):N2} | {Percentile(latencies, 0.99):N2} |");
    }

    private static async Task<(long Writes, long Rows, List<double> Latencies)> WriteAsync(IWorkflowStore store, int size, TimeSpan duration)
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

    private static async Task MeasureListsAsync(StoreUnderTest kind)
    {
        await using var opened = await kind.OpenAsync("full");
        var store = opened.Store;
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
}
