using System.Diagnostics;

namespace Stack.Benchmarks.Servers;

/// <summary>The time after a load in which servers tidy up: what is measured one at a time is measured afterwards.</summary>
internal static class Rest
{
    private const double Idle = 0.1;
    private const int SecondsInARow = 3;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Waits until the disk has what the load left in memory, and all processes together used less than a tenth of a core for three seconds; the latter for two minutes at most.</summary>
    public static async Task WaitAsync(IReadOnlyList<(string Name, int Id)> processes)
    {
        using (var writing = Process.Start("sync"))
        {
            await writing.WaitForExitAsync();
        }

        using var patience = new CancellationTokenSource(Patience);
        for (var quiet = 0; quiet < SecondsInARow && !patience.IsCancellationRequested;)
        {
            var meter = new CpuMeter(processes);
            await Task.Delay(TimeSpan.FromSeconds(1));
            quiet = meter.Read().Sum(process => process.Seconds) < Idle ? quiet + 1 : 0;
        }
    }
}
