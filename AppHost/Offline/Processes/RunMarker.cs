using System.Security.Cryptography;
using System.Text;

namespace Aspire.Hosting.Offline;

/// <summary>
/// The variables every process of a run carries, so that it can be found however it was started: <c>STACK_RUN_ID</c> names the data
/// directory and the run, <c>STACK_INSTANCE_ID</c> the instance it descends from. A service that starts a program which is to outlive
/// the service, but not the run, takes the second away.
/// </summary>
internal sealed class RunMarker
{
    internal const string RunVariable = "STACK_RUN_ID";
    internal const string InstanceVariable = "STACK_INSTANCE_ID";

    private readonly string directoryHash;

    internal RunMarker(string dataDirectory, string run)
    {
        directoryHash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataDirectory)))[..12];
        RunId = $"{directoryHash}-{run}";
    }

    /// <summary>What tells the data directory from others.</summary>
    internal string DirectoryHash => directoryHash;

    /// <summary>The id of this run; it begins with the hash of the data directory.</summary>
    internal string RunId { get; }

    /// <summary>What processes of any run on the data directory carry.</summary>
    internal string AnyRunAssignment => $"{RunVariable}={directoryHash}-";

    /// <summary>What processes of this run carry.</summary>
    internal string RunAssignment => $"{RunVariable}={RunId}";

    /// <summary>What processes of one instance of this run carry.</summary>
    internal string InstanceAssignment(string instanceId) => $"{InstanceVariable}={InstanceId(instanceId)}\0";

    internal string InstanceId(string instanceId) => $"{RunId}/{instanceId}";
}
