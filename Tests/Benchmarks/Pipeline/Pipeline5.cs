using System.Globalization;
using Stack.Benchmarks.Floor;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Pipeline;

/// <summary>
/// <c>pipeline5</c>: workflows of five sequential stages, no-op agents in a process of their own, 1 KB results, every commit synced to the disk.
/// Prints throughput with many in flight, the latency of one at a time, processor time and peak memory of every process; on servers also the floor of the same run, and the ratio.
/// </summary>
internal sealed class Pipeline5
{
    private const int Slots = 512;
    private readonly string _infrastructure;
    private readonly int _workflows;
    private readonly int _oneAtATime;

    private Pipeline5(string[] args)
    {
        var given = args.ToList();
        var option = given.IndexOf("--infrastructure");
        _infrastructure = option < 0 ? "embedded" : given.ElementAtOrDefault(option + 1) ?? "";
        if (option >= 0)
        {
            given.RemoveRange(option, Math.Min(2, given.Count - option));
        }

        _workflows = given.Count > 0 ? int.Parse(given[0], CultureInfo.InvariantCulture) : 10_000;
        _oneAtATime = given.Count > 1 ? int.Parse(given[1], CultureInfo.InvariantCulture) : 500;
    }

    public static Task RunAsync(string[] args) => new Pipeline5(args).RunAsync(Console.Out);

    private async Task RunAsync(TextWriter output)
    {
        using var infrastructure = await Infrastructure.StartAsync(_infrastructure);
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"pipeline5, {_infrastructure}: {_workflows} workflows of 5 stages, {Slots} slots in one agent process, 1 KB results, synchronous commits, {Environment.ProcessorCount} cores"));
        output.WriteLine();
        output.WriteLine("| | workflows/s | p50 ms | p99 ms | CPU-s per 1,000, all processes |");
        output.WriteLine("|---|---|---|---|---|");
        await using var floor = infrastructure is { Postgres: { } postgres, RabbitMq: { } rabbit } ? await FloorUnderTest.StartAsync(postgres, rabbit, "quorum") : null;
        var floorLoad = floor is null ? default : await floor.MeasureLoadAsync(_workflows);
        using var system = await SystemUnderTest.StartAsync(infrastructure, Slots);
        using var client = new PipelineClient(system.Address);
        var load = await PipelineLoad.MeasureAsync(infrastructure, system, client, _workflows);
        await Rest.WaitAsync([.. system.Processes, .. floor?.Processes ?? []]);

        var (floorLatencies, latencies) = await MeasureOneAtATimeAsync(floor, client);
        var stack = Figures.Of(_workflows, load.Elapsed, load.Cpu, latencies);
        if (floor is not null)
        {
            var least = Figures.Of(_workflows, floorLoad.Elapsed, floorLoad.Cpu, floorLatencies);
            output.WriteLine(least.ToRow("floor: the same messages and commits, no engine"));
            output.WriteLine(stack.ToRow("Stack"));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"| Stack / floor | {stack.PerSecond / least.PerSecond:F2} | {stack.Median / least.Median:F2} | {stack.Worst / least.Worst:F2} | {stack.Cpu / least.Cpu:F2} |"));
        }
        else
        {
            output.WriteLine(stack.ToRow("Stack"));
        }

        output.WriteLine();
        output.WriteLine("Peak memory: " + string.Join(", ", system.PeakMegabytes().Select(process => string.Create(CultureInfo.InvariantCulture, $"{process.Name} {process.Megabytes:F0} MB"))));
    }

    // In turns, so that a disk or a neighbor that is slow for a while is slow for both.
    private async Task<(List<double> Floor, List<double> Stack)> MeasureOneAtATimeAsync(FloorUnderTest? floor, PipelineClient client)
    {
        const int Rounds = 5;
        var (floorLatencies, latencies) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            floorLatencies.AddRange(floor is null ? [] : await floor.MeasureOneAtATimeAsync(_oneAtATime / Rounds));
            latencies.AddRange(await client.MeasureOneAtATimeAsync(_oneAtATime / Rounds));
        }

        return (floorLatencies, latencies);
    }
}
