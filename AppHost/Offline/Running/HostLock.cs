using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>Lets one host at a time use a data directory. The system gives the lock back however the host ends.</summary>
internal sealed class HostLock : IDisposable
{
    private readonly FileStream stream;

    private HostLock(FileStream stream) => this.stream = stream;

    /// <summary>Takes the lock; throws when another host has it, and says which.</summary>
    internal static HostLock Take(StateDirectory data)
    {
        var holder = Path.Combine(data.Run, "host");
        try
        {
            var stream = new FileStream(Path.Combine(data.Run, "host.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            File.WriteAllText(holder, Environment.ProcessId.ToString(CultureInfo.InvariantCulture));
            return new HostLock(stream);
        }
        catch (IOException) when (File.Exists(holder))
        {
            var id = File.ReadAllText(holder).Trim();
            var commandLine = int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var processId) ? ProcessTable.CommandLine(processId) : null;
            throw new DistributedApplicationException(
                $"The data directory {data.Path} is in use by another application host: process {id}{(commandLine is null ? "" : $" ({commandLine})")}. "
                + $"Stop it (kill {id}), or start this one with another directory (--data DIR) and port (--orchestrator-port PORT).");
        }
        catch (UnauthorizedAccessException failure)
        {
            throw new DistributedApplicationException($"The data directory {data.Path} cannot be locked: {failure.Message} Choose another with --data DIR.", failure);
        }
    }

    public void Dispose() => stream.Dispose();
}
