namespace Stack.Benchmarks.Servers;

/// <summary>Measures what some processes, with all their descendants, use from now on.</summary>
internal sealed class CpuMeter
{
    private readonly IReadOnlyList<(string Name, int Id)> _processes;
    private readonly double[] _before;

    public CpuMeter(IReadOnlyList<(string Name, int Id)> processes)
    {
        _processes = processes;
        _before = [.. processes.Select(Now)];
    }

    public IReadOnlyList<(string Name, double Seconds)> Read() => [.. _processes.Select((process, i) => (process.Name, Now(process) - _before[i]))];

    // The benchmark's own children are measured by their own names.
    private static double Now((string Name, int Id) process) =>
        process.Id == Environment.ProcessId ? Environment.CpuUsage.TotalTime.TotalSeconds : ProcessTree.CpuSeconds(process.Id);
}
