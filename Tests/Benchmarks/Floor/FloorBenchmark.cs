using System.Diagnostics;
using System.Globalization;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Floor;

/// <summary><c>floor</c>: what PostgreSQL and RabbitMQ themselves take for workflows of five stages on this machine.</summary>
internal static class FloorBenchmark
{
    private const int Slots = 512;
    private const int InFlight = 1024;

    public static async Task RunAsync(string[] args)
    {
        var workflows = args.Length > 0 ? int.Parse(args[0], CultureInfo.InvariantCulture) : 5000;
        var oneAtATime = args.Length > 1 ? int.Parse(args[1], CultureInfo.InvariantCulture) : 300;
        var folder = Directory.CreateTempSubdirectory("stack-floor-").FullName;
        try
        {
            using var postgres = await PostgresServer.StartAsync(folder);
            using var rabbit = await RabbitMqServer.StartAsync(folder);
            Console.WriteLine("| floor | workflows/s | p50 ms | p99 ms | CPU-s per 1,000 |");
            Console.WriteLine("|---|---|---|---|---|");
            foreach (var queueType in (string[])["quorum", "classic"])
            {
                Console.WriteLine((await MeasureAsync(postgres, rabbit, queueType, workflows, oneAtATime)).ToRow(queueType + " queues"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    public static async Task<Figures> MeasureAsync(PostgresServer postgres, RabbitMqServer rabbit, string queueType, int workflows, int oneAtATime)
    {
        await using var run = await FloorRun.StartAsync(postgres.ConnectionString, rabbit.ConnectionString, queueType, Slots);
        (string, int)[] processes = [("commits and tasks", Environment.ProcessId), ("worker", run.WorkerId), ("postgres", postgres.ProcessId), ("rabbitmq", rabbit.ProcessId)];
        await SubmitAsync(run, Math.Min(500, workflows));
        await run.AnalyzeAsync();
        await SubmitAsync(run, Math.Min(2000, workflows));

        var cpu = new CpuMeter(processes);
        var started = Stopwatch.GetTimestamp();
        await SubmitAsync(run, workflows);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var used = cpu.Read();

        var latencies = new List<double>();
        for (var i = 0; i < oneAtATime + 20; i++)
        {
            var began = Stopwatch.GetTimestamp();
            await run.SubmitAsync();
            if (i >= 20)
            {
                latencies.Add(Stopwatch.GetElapsedTime(began).TotalMilliseconds);
            }
        }

        return Figures.Of(workflows, elapsed, used, latencies);
    }

    private static async Task SubmitAsync(FloorRun run, int count)
    {
        using var room = new SemaphoreSlim(InFlight);
        var all = new List<Task>(count);
        for (var i = 0; i < count; i++)
        {
            await room.WaitAsync();
            all.Add(One());
        }

        await Task.WhenAll(all);

        async Task One()
        {
            await run.SubmitAsync();
            room.Release();
        }
    }
}
