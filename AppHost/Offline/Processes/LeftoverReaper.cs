using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Ends processes by the mark they carry: those an earlier run left, those an instance left, those this run leaves. PostgreSQL wipes the
/// marks of its sessions; they are known by the folder they work in. Where the system shows no environments, the pid files and the start
/// times in them have to do.
/// </summary>
internal sealed partial class LeftoverReaper(RunMarker marker, StateDirectory data, ServerFolders servers, ILogger<LeftoverReaper> logger)
{
    private readonly ConcurrentDictionary<string, (int ProcessId, string? Directory)> instances = new(StringComparer.Ordinal);

    /// <summary>Ends what runs of this data directory left behind; call it while holding the lock and before starting anything. Returns what was ended.</summary>
    internal async Task<IReadOnlyList<string>> ReapEarlierRunsAsync(CancellationToken cancellationToken)
    {
        var leftovers = OfAnyRun().Concat(FromPidFiles()).Distinct().ToArray();
        var described = leftovers.Select(id => $"{id} ({ProcessTable.CommandLine(id) ?? "?"})").ToArray();
        await KillAsync(OfAnyRun, leftovers, cancellationToken);
        foreach (var file in PidFiles())
        {
            File.Delete(file);
        }
        return described;
    }

    /// <summary>Ends everything that descends from an instance and is still there.</summary>
    internal Task ReapInstanceAsync(string instanceId, CancellationToken cancellationToken) =>
        KillAsync(() => Of(instanceId), [], cancellationToken);

    /// <summary>Ends everything of this run that is still there.</summary>
    internal Task ReapRunAsync(CancellationToken cancellationToken) => KillAsync(OfRun, [], cancellationToken);

    /// <summary>Kills everything of this run, without looking back.</summary>
    internal void KillRun()
    {
        foreach (var id in OfRun())
        {
            Signal.Send(id, Signal.Kill);
        }
    }

    /// <summary>The processes of an instance: its own, what that started, and what is left of either.</summary>
    internal IReadOnlyList<int> Of(string instanceId)
    {
        var (leader, directory) = instances.GetValueOrDefault(instanceId);
        var marked = ProcessTable.WithEnvironment(marker.InstanceAssignment(instanceId));
        return [.. marked.Concat(ProcessTable.Family(leader)).Concat(Orphans(directory)).Distinct()];
    }

    /// <summary>The processes of the run.</summary>
    internal IReadOnlyList<int> OfRun() => [.. ProcessTable.WithEnvironment(marker.RunAssignment).Concat(instances.Keys.SelectMany(Of)).Concat(Orphans(servers.Existing)).Distinct()];

    /// <summary>Says in a file which process an instance is, and how it is asked to end.</summary>
    internal void Register(string instanceId, int processId, LaunchCommand command)
    {
        instances[instanceId] = (processId, command.OwnDirectory);
        try
        {
            File.WriteAllText(PidFile(instanceId), string.Create(CultureInfo.InvariantCulture, $"{processId} {ProcessTable.StartTicks(processId) ?? 0} {command.StopSignal.Name}\n"));
        }
        catch (IOException failure)
        {
            // The process is known by its mark as well: a full disk is no reason to go without it.
            LogNoFile(data.Path, failure.Message);
        }
    }

    internal void Unregister(string instanceId)
    {
        instances.TryRemove(instanceId, out _);
        File.Delete(PidFile(instanceId));
    }

    private static IEnumerable<int> Orphans(string? directory) => directory is null ? [] : ProcessTable.OrphansIn(directory);

    private IReadOnlyList<int> OfAnyRun() => [.. ProcessTable.WithEnvironment(marker.AnyRunAssignment).Concat(Orphans(servers.Existing)).Distinct()];

    private static async Task KillAsync(Func<IReadOnlyList<int>> find, IReadOnlyList<int> others, CancellationToken cancellationToken)
    {
        foreach (var id in others)
        {
            Signal.Send(id, Signal.Kill);
        }
        // A process that is killed may just have started another: look until nothing is found, at most three seconds.
        for (var round = 0; round < 60 && find() is { Count: > 0 } found; round++)
        {
            foreach (var id in found)
            {
                Signal.Send(id, Signal.Kill);
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    private string PidFile(string instanceId) => Path.Combine(data.Run, $"{instanceId}.pid");

    private string[] PidFiles() => Directory.Exists(data.Run) ? Directory.GetFiles(data.Run, "*.pid") : [];

    // An id alone may by now belong to somebody else; with the start time it cannot.
    private IEnumerable<int> FromPidFiles()
    {
        foreach (var fields in PidFiles().Select(file => File.ReadAllText(file).Split(' ', StringSplitOptions.TrimEntries)))
        {
            if (fields is [var id, var ticks, ..] && int.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var processId)
                && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var started) && started != 0 && ProcessTable.StartTicks(processId) == started)
            {
                yield return processId;
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "The data directory {Directory} cannot be written: {Reason} Free it: until then logs are lost, and where the system shows no environments, processes may be left when this host is killed.")]
    private partial void LogNoFile(string directory, string reason);
}
