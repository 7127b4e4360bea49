using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>What is written on every container and network of this host, so that they are found again however the host ended.</summary>
internal sealed class ContainerLabels(RunMarker marker)
{
    internal const string Data = "stack.data";
    internal const string Run = "stack.run";
    internal const string Resource = "stack.resource";
    internal const string Lifetime = "stack.lifetime";
    internal const string Host = "stack.host";
    internal const string Configuration = "stack.configuration";
    internal const string Session = "session";
    internal const string Persistent = "persistent";

    internal string DataHash => marker.DirectoryHash;

    internal string RunId => marker.RunId;

    /// <summary>This host: the boot of the machine, the process and its start, which together name one process for good.</summary>
    internal static string ThisHost { get; } = HostOf(Environment.ProcessId);

    /// <summary>The filter for everything of the data directory.</summary>
    internal string OfData => $"label={Data}={marker.DirectoryHash}";

    /// <summary>The filter for everything of the run.</summary>
    internal string OfRun => $"label={Run}={marker.RunId}";

    internal static string OfSessions => $"label={Lifetime}={Session}";

    internal IEnumerable<string> Arguments(string resource, bool isPersistent, string configuration) =>
    [
        "--label", $"{Data}={marker.DirectoryHash}",
        "--label", $"{Run}={marker.RunId}",
        "--label", $"{Resource}={resource}",
        "--label", $"{Lifetime}={(isPersistent ? Persistent : Session)}",
        "--label", $"{Host}={ThisHost}",
        "--label", $"{Configuration}={configuration}",
    ];

    /// <summary>Whether the host that the label names is gone for certain. One of another boot or another machine is not known to this system.</summary>
    internal static bool IsGone(string host) =>
        host.Split('/') is [var boot, var id, _] && boot == BootId() && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var processId) && HostOf(processId) != host;

    private static string HostOf(int processId) => string.Create(CultureInfo.InvariantCulture, $"{BootId()}/{processId}/{ProcessTable.StartTicks(processId) ?? 0}");

    private static string BootId() => File.Exists("/proc/sys/kernel/random/boot_id") ? File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim() : Environment.MachineName;
}
