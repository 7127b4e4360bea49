using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Stack.Benchmarks.Pipeline;
using Stack.Contracts;
using Stack.Orchestrator.Stores.Sqlite;

namespace Stack.Benchmarks.History;

/// <summary><c>history</c>: what a million finished workflows cost the next ones, and how long lists take over HTTP.</summary>
internal static class HistoryBenchmark
{
    private const int Slots = 512;
    private const int Repeats = 50;

    public static async Task RunAsync(string[] args)
    {
        var history = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 1_000_000;
        var workflows = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 10_000;
        using var infrastructure = await Infrastructure.StartAsync(args.Length > 2 ? args[2] : "embedded");
        Console.WriteLine("| finished before | workflows/s | CPU-s per 1,000 |");
        Console.WriteLine("|---|---|---|");
        var without = await MeasureAsync(infrastructure, workflows, "none");
        if (infrastructure.Postgres is { } postgres)
        {
            await PostgresHistory.FillAsync(postgres.ConnectionString, history);
        }
        else
        {
            using var store = new SqliteStore(new SqliteStoreOptions { DataDirectory = infrastructure.DataDirectory }, TimeProvider.System);
            await StoreHistory.FillAsync(store, history);
        }

        var with = await MeasureAsync(infrastructure, workflows, history.ToString("N0", CultureInfo.InvariantCulture));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| with / without | {with.PerSecond / without.PerSecond:F2} | {with.Cpu / without.Cpu:F2} |"));
        using var system = await SystemUnderTest.StartAsync(infrastructure, Slots);
        await MeasureListsAsync(system.Address);
    }

    private static async Task<(double PerSecond, double Cpu)> MeasureAsync(Infrastructure infrastructure, int workflows, string before)
    {
        using var system = await SystemUnderTest.StartAsync(infrastructure, Slots);
        using var client = new PipelineClient(system.Address);
        var (elapsed, cpu) = await PipelineLoad.MeasureAsync(infrastructure, system, client, workflows);
        var (perSecond, perThousand) = (workflows / elapsed.TotalSeconds, cpu.Sum(process => process.Seconds) * 1000 / workflows);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {before} | {perSecond:F0} | {perThousand:F2} |"));
        return (perSecond, perThousand);
    }

    private static async Task MeasureListsAsync(Uri address)
    {
        using var client = new HttpClient { BaseAddress = address };
        var old = (await ReadAsync(client, "workflows?status=failed&limit=50"))[^1];
        var recent = (await ReadAsync(client, "workflows?definition=pipeline5&limit=1"))[0];
        string[] paths =
        [
            "workflows?limit=50",
            "workflows?limit=200",
            "workflows?status=failed&limit=50",
            "workflows?status=waiting&limit=50",
            "workflows?type=bugfix&limit=50",
            "workflows?priority=critical&limit=50",
            $"workflows?definition=app&limit=50&cursor={old}",
            "workflows?type=feature&status=exhausted&limit=50",
            $"workflows/{recent}",
            $"workflows/{recent}/events",
            "tasks?limit=50",
            "tasks?status=failed&limit=50",
            "tasks?agent_type=e2e&limit=50",
            "info",
        ];
        Console.WriteLine();
        Console.WriteLine("| GET /api/v1/... | first ms | p50 ms | worst ms |");
        Console.WriteLine("|---|---|---|---|");
        foreach (var path in paths)
        {
            var latencies = new List<double>(Repeats);
            for (var i = 0; i < Repeats; i++)
            {
                var started = Stopwatch.GetTimestamp();
                using var response = await client.GetAsync("/api/v1/" + path);
                await response.EnsureSuccessStatusCode().Content.ReadAsByteArrayAsync();
                latencies.Add(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            }

            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| {path.Replace(old, "ID", StringComparison.Ordinal).Replace(recent, "ID", StringComparison.Ordinal)} | {latencies[0]:F1} | {latencies.Order().ElementAt(Repeats / 2):F1} | {latencies.Skip(1).Max():F1} |"));
        }
    }

    private static async Task<IReadOnlyList<string>> ReadAsync(HttpClient client, string path)
    {
        await using var stream = await client.GetStreamAsync("/api/v1/" + path);
        return [.. (await JsonSerializer.DeserializeAsync<WorkflowList>(stream, StackJson.Options))!.Workflows.Select(workflow => workflow.Id.ToString())];
    }
}
