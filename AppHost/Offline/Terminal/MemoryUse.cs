using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>The memory of the application: that of its processes, of this host and of its watchdog.</summary>
internal sealed class MemoryUse(LeftoverReaper processes, Watchdog watchdog)
{
    internal static string Describe(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024.0):0} MB");

    /// <summary>What an instance and what it started cost, in bytes.</summary>
    internal long OfInstance(string instanceId) => processes.Of(instanceId).Sum(ProcessTable.ProportionalBytes);

    /// <summary>What everything costs, in words.</summary>
    internal string OfAll()
    {
        int[] ids = [Environment.ProcessId, .. watchdog.ProcessId is { } dog ? [dog] : Array.Empty<int>(), .. processes.OfRun()];
        // Every .NET process maps the same framework: summing what each has resident counts it as often as there are processes.
        return $"{Describe(ids.Sum(ProcessTable.ProportionalBytes))} in {ids.Length} processes, shared pages counted once ({Describe(ids.Sum(ProcessTable.ResidentBytes))} resident, counted in each)";
    }
}
