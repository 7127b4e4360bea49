using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Removes containers and networks by their labels: those of the run when it ends, those earlier runs of the data directory left, and those of any
/// host of this machine that is gone. Containers that are to outlive the host stay.
/// </summary>
internal sealed partial class ContainerReaper(ContainerRuntimes runtimes, ContainerLabels labels, StateDirectory data, ILogger<ContainerReaper> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    // It is there while containers of this data directory may be; without it nobody need ask the runtime.
    private string Note => Path.Combine(data.Run, "containers");

    /// <summary>Says that there will be containers.</summary>
    internal void Begin(ContainerRuntime runtime) => File.WriteAllText(Note, runtime.Program + "\n");

    /// <summary>Removes what earlier runs left; call it while holding the lock of the data directory and before starting anything.</summary>
    internal async Task ReapEarlierRunsAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Note))
        {
            return;
        }
        if ((await runtimes.FindAsync()).Runtime is not { } runtime)
        {
            LogUnreachable((await File.ReadAllTextAsync(Note, cancellationToken)).Trim());
            return;
        }
        await ReapAsync(runtime, labels.OfData, cancellationToken);
        File.Delete(Note);
    }

    /// <summary>Removes what hosts that are gone left in other data directories.</summary>
    internal async Task ReapOrphansAsync(ContainerRuntime runtime, CancellationToken cancellationToken)
    {
        var answer = await runtime.RunAsync(
            ["ps", "--all", "--filter", ContainerLabels.OfSessions, "--format", $"{{{{.ID}}}} {{{{.Label \"{ContainerLabels.Host}\"}}}}"], Patience, cancellationToken);
        var orphans = answer.Lines.Select(line => line.Split(' ')).Where(fields => fields is [_, var host] && ContainerLabels.IsGone(host)).Select(fields => fields[0]).ToArray();
        await RemoveAsync(runtime, orphans, cancellationToken);
    }

    /// <summary>Removes everything of this run that is still there.</summary>
    internal async Task ReapRunAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Note) || (await runtimes.FindAsync()).Runtime is not { } runtime)
        {
            return;
        }
        await ReapAsync(runtime, labels.OfRun, cancellationToken);
        File.Delete(Note);
    }

    private async Task ReapAsync(ContainerRuntime runtime, string filter, CancellationToken cancellationToken)
    {
        var left = await runtime.RunAsync(["ps", "--all", "--quiet", "--filter", filter, "--filter", ContainerLabels.OfSessions], Patience, cancellationToken);
        await RemoveAsync(runtime, left.Lines, cancellationToken);
        var networks = await runtime.RunAsync(["network", "ls", "--quiet", "--filter", labels.OfData], Patience, cancellationToken);
        foreach (var network in networks.Lines)
        {
            // One that a container uses which outlives the host stays, and is used again.
            await runtime.RunAsync(["network", "rm", network], Patience, cancellationToken);
        }
    }

    private async Task RemoveAsync(ContainerRuntime runtime, IReadOnlyList<string> containers, CancellationToken cancellationToken)
    {
        if (containers.Count == 0)
        {
            return;
        }
        // Killed first: a forced removal gives them time that nobody has.
        await runtime.RunAsync(["kill", .. containers], Patience, cancellationToken);
        await runtime.RunAsync(["rm", "--force", "--volumes", .. containers], Patience, cancellationToken);
        LogRemoved(containers.Count, runtime.Name);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Removed {Count} containers from {Runtime} that an earlier run left behind.")]
    private partial void LogRemoved(int count, string runtime);

    [LoggerMessage(Level = LogLevel.Warning, Message = "An earlier run may have left containers, and its runtime ({Program}) does not answer. They are removed at a start when it does.")]
    private partial void LogUnreachable(string program);
}
