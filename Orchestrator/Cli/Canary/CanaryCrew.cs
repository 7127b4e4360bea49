using System.Globalization;
using Stack.Contracts;

namespace Stack.Cli;

/// <summary>The canary agents of a running stack: starts them for a run, finds the one that is at work, stops them.</summary>
/// <param name="host">The AppHost.</param>
/// <param name="api">The orchestrator.</param>
/// <param name="data">The data folder.</param>
/// <param name="patience">The clock.</param>
internal sealed class CanaryCrew(HostControl host, ApiClient api, string data, Patience patience)
{
    /// <summary>Their resource.</summary>
    public const string Resource = "canary-agent";

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(20);

    private TimeSpan? _offset;

    /// <summary>Whether they were told to work, and not yet to stop.</summary>
    public bool IsStarted { get; private set; }

    /// <summary>Starts the canaries, and waits until the orchestrator knows each of them.</summary>
    /// <param name="clockOffset">By how much their clocks are wrong. Null: they are right.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="DrillException">They do not come.</exception>
    public async Task StartAsync(TimeSpan? clockOffset, CancellationToken cancellationToken)
    {
        if (IsStarted && _offset != clockOffset)
        {
            await StopAsync(cancellationToken);
        }

        if (!IsStarted || !await AreThereAsync(cancellationToken))
        {
            SetClocks(clockOffset);
            await host.TryCommandAsync(Resource, "start", instance: null, cancellationToken);
            (IsStarted, _offset) = (true, clockOffset);
        }

        if (await patience.UntilAsync(ComeAsync, StartLimit, cancellationToken) is null)
        {
            throw new DrillException($"The canary agents did not come within {Words.Of(StartLimit)}. See the log of {Resource}.");
        }
    }

    /// <summary>Stops them, and sets their clocks right.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        SetClocks(offset: null);
        if (!IsStarted)
        {
            return;
        }

        await host.TryCommandAsync(Resource, "stop", instance: null, cancellationToken);
        await patience.UntilAsync(async token => !(await host.FindAsync(Resource, token))!.Running.Any(), StopLimit, cancellationToken);
        (IsStarted, _offset) = (false, null);
    }

    /// <summary>Waits for a canary that holds attempts.</summary>
    /// <returns>Its instance and its name.</returns>
    /// <exception cref="DrillException">None works.</exception>
    public async Task<(HostInstance Instance, AgentId Agent)> FindBusyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        (HostInstance, AgentId)? found = null;
        await patience.UntilAsync(async token => (found = await TryFindBusyAsync(token)) is not null, limit, cancellationToken);
        return found ?? throw new DrillException($"No canary agent was at work within {Words.Of(limit)}.");
    }

    private async Task<(HostInstance, AgentId)?> TryFindBusyAsync(CancellationToken cancellationToken)
    {
        var running = await api.ListTasksAsync(CanaryFiles.AgentType, Words.Of(AttemptStatus.Running), limit: 500, cursor: null, cancellationToken);
        var agents = (await api.ListAgentsAsync(cancellationToken)).Agents.ToDictionary(agent => agent.AgentId);
        var instances = (await host.FindAsync(Resource, cancellationToken))?.Running.ToList() ?? [];
        foreach (var holder in running.Tasks.Select(task => task.AgentId).OfType<AgentId>().GroupBy(agent => agent).OrderByDescending(group => group.Count()))
        {
            if (agents.TryGetValue(holder.Key, out var agent) && instances.Find(instance => instance.ProcessId == agent.Pid) is { } instance)
            {
                return (instance, holder.Key);
            }
        }

        return null;
    }

    // One that was still stopping when all were told to start is told again.
    private async Task<bool> ComeAsync(CancellationToken cancellationToken)
    {
        if (await AreThereAsync(cancellationToken))
        {
            return true;
        }

        var crew = (await host.FindAsync(Resource, cancellationToken))!;
        foreach (var instance in crew.Instances.Except(crew.Running))
        {
            await host.TryCommandAsync(Resource, "start", instance.Id, cancellationToken);
        }

        return false;
    }

    private async Task<bool> AreThereAsync(CancellationToken cancellationToken)
    {
        if (await host.FindAsync(Resource, cancellationToken) is not { } crew)
        {
            throw new DrillException($"This AppHost has no resource '{Resource}', and drills need it. Start the AppHost of this version.");
        }

        var pids = crew.Running.Select(instance => instance.ProcessId).ToHashSet();
        var agents = await api.ListAgentsAsync(cancellationToken);
        return crew.Instances.Count > 0 && pids.Count == crew.Instances.Count
            && agents.Agents.Count(agent => agent.AgentType == CanaryFiles.AgentType && agent.Status is not AgentStatus.Offline && pids.Contains(agent.Pid)) == pids.Count;
    }

    private void SetClocks(TimeSpan? offset)
    {
        var file = Path.Combine(CanaryLedger.DirectoryIn(data), CanaryFiles.ClockOffset);
        if (offset is null)
        {
            if (File.Exists(file))
            {
                File.Delete(file);
            }

            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, offset.Value.ToString("c", CultureInfo.InvariantCulture));
    }
}
