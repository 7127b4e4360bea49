using System.Globalization;

namespace Stack.Benchmarks;

/// <summary>What a run of workflows took.</summary>
/// <param name="PerSecond">Workflows per second with many in flight.</param>
/// <param name="CpuPerThousand">Processor seconds per 1,000 workflows, by process.</param>
/// <param name="Median">Milliseconds of one at a time.</param>
/// <param name="Worst">The 99th percentile of that.</param>
internal sealed record Figures(double PerSecond, IReadOnlyList<(string Name, double Seconds)> CpuPerThousand, double Median, double Worst)
{
    public double Cpu => CpuPerThousand.Sum(process => process.Seconds);

    public static Figures Of(int workflows, TimeSpan elapsed, IReadOnlyList<(string Name, double Seconds)> cpu, List<double> latencies)
    {
        latencies.Sort();
        return new Figures(
            workflows / elapsed.TotalSeconds,
            [.. cpu.Select(process => (process.Name, process.Seconds * 1000 / workflows))],
            latencies[latencies.Count / 2],
            latencies[latencies.Count * 99 / 100]);
    }

    /// <summary>A row of a table.</summary>
    public string ToRow(string what) => string.Create(CultureInfo.InvariantCulture, $"| {what} | {PerSecond:F0} | {Median:F2} | {Worst:F2} | {CpuText()} |");

    private string CpuText() => string.Create(
        CultureInfo.InvariantCulture,
        $"{Cpu:F2} ({string.Join(", ", CpuPerThousand.Select(process => string.Create(CultureInfo.InvariantCulture, $"{process.Name} {process.Seconds:F2}")))})");
}
