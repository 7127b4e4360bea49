using System.Globalization;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Floor;

/// <summary><c>floor</c>: what PostgreSQL and RabbitMQ themselves take for workflows of five stages on this machine.</summary>
internal static class FloorBenchmark
{
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
                await using var floor = await FloorUnderTest.StartAsync(postgres, rabbit, queueType);
                var (elapsed, used) = await floor.MeasureLoadAsync(workflows);
                await Rest.WaitAsync(floor.Processes);
                Console.WriteLine(Figures.Of(workflows, elapsed, used, await floor.MeasureOneAtATimeAsync(oneAtATime)).ToRow(queueType + " queues"));
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
