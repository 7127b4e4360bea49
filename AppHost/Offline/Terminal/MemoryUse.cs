using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>The memory the application has resident: what its processes have, this host and its watchdog included. Pages that processes share count in each.</summary>
internal sealed class MemoryUse(RunMarker marker, Watchdog watchdog)
{
    internal static string Describe(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024.0):0} MB");

    internal long OfInstance(string instanceId) => ProcessTable.WithEnvironment(marker.InstanceAssignment(instanceId)).Sum(ProcessTable.MemoryBytes);

    internal (long Bytes, int Processes) OfAll()
    {
        int[] ids = [Environment.ProcessId, .. watchdog.ProcessId is { } dog ? [dog] : Array.Empty<int>(), .. ProcessTable.WithEnvironment(marker.RunAssignment)];
        return (ids.Sum(ProcessTable.MemoryBytes), ids.Length);
    }
}
