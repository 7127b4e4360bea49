using System.Diagnostics;
using Stack.Benchmarks.Servers;

namespace Stack.Benchmarks.Pipeline;

/// <summary>Many workflows at once, on a system that is warm.</summary>
internal static class PipelineLoad
{
    // As many workflows as the tiered compiler needs to be done with the hot methods: a service that runs for months is measured, not its first seconds.
    private const int WarmUp = 5000;

    /// <summary>Runs workflows, all of which must complete.</summary>
    /// <returns>How long it took, and the processor seconds of each process.</returns>
    public static async Task<(TimeSpan Elapsed, IReadOnlyList<(string Name, double Seconds)> Cpu)> MeasureAsync(
        Infrastructure infrastructure, SystemUnderTest system, PipelineClient client, int workflows)
    {
        await client.ApplyDefinitionAsync();
        await client.SubmitAsync(Math.Min(WarmUp, workflows));
        await client.WaitUntilIdleAsync();

        var meter = new CpuMeter([.. system.Processes, ("client", Environment.ProcessId), .. infrastructure.Processes]);
        var started = Stopwatch.GetTimestamp();
        await client.SubmitAsync(workflows);
        await client.WaitUntilIdleAsync();
        var elapsed = Stopwatch.GetElapsedTime(started);
        var cpu = meter.Read();
        await client.CheckAsync(workflows);
        return (elapsed, cpu);
    }
}
