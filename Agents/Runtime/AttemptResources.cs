using Stack.Agents.Tools;

namespace Stack.Agents.Runtime;

/// <summary>What one attempt has for itself on this machine: processes, folders, the clone. Nothing is made before it is needed.</summary>
/// <param name="kit">What it shares with the others.</param>
/// <param name="attempt">The attempt.</param>
internal sealed class AttemptResources(AgentKit kit, RunningAttempt attempt)
{
    private readonly string _place = kit.Home.NextPlace();
    private ProcessTool? _gitProcesses;
    private ProcessTool? _processes;

    /// <summary>The attempt's context. Null: it was not initialized, or that failed.</summary>
    public AgentContext? Context { get; private set; }

    /// <summary>Makes the context and, when the agent wants it and there is one, the clone.</summary>
    /// <param name="usesWorkspace">Whether the agent wants it.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<AgentContext> InitializeAsync(bool usesWorkspace, CancellationToken cancellationToken)
    {
        var task = attempt.Task;
        var context = Create(usesWorkspace && task.Workspace is not null ? await CloneAsync(cancellationToken) : null);
        Context = context;
        return context;
    }

    /// <summary>Ends every process of the attempt. Idempotent.</summary>
    public async Task StopProcessesAsync()
    {
        if (_gitProcesses is not null)
        {
            await _gitProcesses.DisposeAsync();
        }

        if (_processes is not null)
        {
            await _processes.DisposeAsync();
        }
    }

    /// <summary>Removes the attempt's folders.</summary>
    public void RemoveFolders() => Folders.Remove(_place);

    private async Task<Workspace> CloneAsync(CancellationToken cancellationToken)
    {
        var task = attempt.Task;
        _gitProcesses = Processes(_place, log: null);
        var git = new GitTool(_gitProcesses, task.AgentType);
        var directory = Path.Combine(_place, "workspace");
        return await Workspace.OpenAsync(git, task, directory, kit.Clients.Addresses.Current, kit.Token.Value, cancellationToken);
    }

    private AgentContext Create(Workspace? workspace)
    {
        var status = new StatusBuffer(attempt.Task, kit.Home.Id, kit.Time, kit.Statuses.Announce);
        AgentContext? context = null;
        _processes = Processes(workspace?.Directory ?? Path.Combine(_place, "t"), status.Log, result => context?.AddUsage(UsageOf(result)));
        context = new AgentContext
        {
            Task = attempt.Task,
            AgentId = kit.Home.Id,
            Processes = _processes,
            Chat = new GatewayChatClient(kit.Clients.Models, attempt.Task.TaskId, attempt.Task.AgentType, usage => context?.AddUsage(usage)),
            Orchestrator = kit.Clients.Orchestrator,
            Http = kit.Clients.Elsewhere,
            DataDirectory = kit.Home.SharedDirectory,
            ScratchDirectory = Path.Combine(_place, "t"),
            Time = kit.Time,
            Feed = kit.Feed,
            Status = status,
            OptionalWorkspace = workspace,
        };
        return context;
    }

    private ProcessTool Processes(string directory, Action<string>? log, Action<ProcessResult>? finished = null) =>
        new(kit.Environment, $"{kit.Home.Id}/{attempt.Task.TaskId}/", directory, Path.Combine(_place, "t"), kit.Time) { Log = log, Finished = finished };

    private static Contracts.Usage UsageOf(ProcessResult result) => new() { CpuTimeMs = (long)result.CpuTime.TotalMilliseconds, MemoryUsedBytes = result.PeakMemoryBytes };
}
