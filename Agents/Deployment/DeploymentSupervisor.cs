using Stack.Agents.Runtime;
using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>
/// Keeps the programs of deployments as they are wanted: what shall run runs, also after a crash of the program or of this process; what shall not is stopped. What is wanted is in the
/// orchestrator; what runs is here, and ends with this process however that ends. One process per machine and data folder supervises; a lock decides which.
/// </summary>
internal sealed partial class DeploymentSupervisor : BackgroundService
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_requestLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_startLimit = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan s_silenceLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_stopGrace = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_stopGraceWithAgent = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_requestLimitWithAgent = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_lastWords = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longestPause = TimeSpan.FromMinutes(1);

    private readonly DeploymentRoot _root;
    private readonly Deployments _deployments;
    private readonly ProcessTool _processes;
    private readonly HttpClient _client;
    private readonly TimeProvider _time;
    private readonly ILogger<DeploymentSupervisor> _logger;
    private readonly AsyncGate _gate = new();
    private readonly Dictionary<string, DeployedProgram> _programs = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Pause> _pauses = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _ports = new(StringComparer.Ordinal);
    private readonly HashSet<string> _swapping = new(StringComparer.Ordinal);
    private IReadOnlyList<DeploymentResource>? _known;
    private FileStream? _lock;

    /// <summary>Makes the supervisor of a folder.</summary>
    /// <param name="root">The folder.</param>
    /// <param name="deployments">The orchestrator's list.</param>
    /// <param name="processes">Starts the programs; its owner is this process.</param>
    /// <param name="client">Asks programs for their health; carries no token.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where changes are logged.</param>
    public DeploymentSupervisor(DeploymentRoot root, Deployments deployments, ProcessTool processes, HttpClient client, TimeProvider time, ILogger<DeploymentSupervisor> logger)
    {
        _root = root;
        _deployments = deployments;
        _processes = processes;
        _client = client;
        _time = time;
        _logger = logger;
    }

    /// <summary>Whether this process is the one that supervises; takes the lock when it is free.</summary>
    public bool IsInCharge()
    {
        lock (_programs)
        {
            if (_lock is not null)
            {
                return true;
            }

            try
            {
                Directory.CreateDirectory(_root.Directory);
                _lock = new FileStream(Path.Combine(_root.Directory, "supervisor.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
                return true;
            }
            catch (IOException)
            {
                // Another process has it. When that one ends, the lock is free again.
                return false;
            }
        }
    }

    /// <summary>Makes one pass over all deployments.</summary>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How many changed.</returns>
    public async Task<int> RunOnceAsync(CancellationToken cancellationToken)
    {
        if (!IsInCharge())
        {
            return 0;
        }

        using (await _gate.EnterAsync(cancellationToken))
        {
            await RefreshAsync(cancellationToken);
            var changes = await StopRemovedAsync();
            foreach (var deployment in _known ?? [])
            {
                if (_root.Owns(deployment) && deployment.Command.Count > 0 && !_swapping.Contains(deployment.Name))
                {
                    changes += await ReconcileAsync(deployment, cancellationToken) ? 1 : 0;
                }
            }

            return changes;
        }
    }

    /// <inheritdoc />
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        using (await _gate.EnterAsync(CancellationToken.None))
        {
            await Task.WhenAll(_programs.Values.Select(StopWithAgentAsync));
            _programs.Clear();
        }
    }

    /// <inheritdoc />
    public override void Dispose()
    {
        _lock?.Dispose();
        base.Dispose();
    }

    /// <inheritdoc />
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, _time);
        do
        {
            try
            {
                await RunOnceAsync(stoppingToken);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                LogPassFailed(exception);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    // While the orchestrator is away, what was wanted last is what is wanted.
    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_requestLimit);
        try
        {
            _known = await _deployments.ListAsync(limit.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException || (exception is OperationCanceledException or Polly.ExecutionRejectedException && !cancellationToken.IsCancellationRequested))
        {
            LogOrchestratorAway(exception.Message);
        }
    }

    private async Task<int> StopRemovedAsync()
    {
        if (_known is null)
        {
            return 0;
        }

        var removed = _programs.Keys.Where(name => !_swapping.Contains(name) && !_known.Any(deployment => deployment.Name == name && _root.Owns(deployment))).ToList();
        foreach (var name in removed)
        {
            await EndAsync(name);
            LogStopped(name, "it is not listed any more");
        }

        return removed.Count;
    }

    private async Task<bool> ReconcileAsync(DeploymentResource deployment, CancellationToken cancellationToken)
    {
        var program = _programs.GetValueOrDefault(deployment.Name);
        if (deployment.Desired is DesiredState.Stopped)
        {
            return await StopWantedAsync(deployment, program);
        }

        if (program is not null && program.Deployment.Release != deployment.Release)
        {
            await EndAsync(deployment.Name);
            program = null;
        }

        return program switch
        {
            null => await StartAsync(deployment, cancellationToken),
            { Child.HasExited: true } => await HandleExitAsync(deployment, program, cancellationToken),
            _ => await WatchAsync(deployment, program, cancellationToken),
        };
    }

    private async Task<bool> StopWantedAsync(DeploymentResource deployment, DeployedProgram? program)
    {
        _pauses.Remove(deployment.Name);
        if (program is null && deployment.Status is DeploymentStatus.Stopped)
        {
            return false;
        }

        await EndAsync(deployment.Name);
        LogStopped(deployment.Name, "that is what is wanted");
        await WriteAsync(deployment with { Status = DeploymentStatus.Stopped, Url = null, Pid = null, Message = "Stopped as wanted." });
        return true;
    }

    private async Task<bool> StartAsync(DeploymentResource deployment, CancellationToken cancellationToken)
    {
        if (_pauses.TryGetValue(deployment.Name, out var pause) && _time.GetElapsedTime(pause.Since) < pause.Length)
        {
            return false;
        }

        if (!Directory.Exists(deployment.Directory))
        {
            return await FailAsync(deployment, $"The release's folder '{deployment.Directory}' is gone. Deploy again.");
        }

        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var program = Launch(deployment, PortFor(deployment));
            Hold(program);
            LogStarted(deployment.Name, deployment.Release, program.Url);
            await WriteAsync(deployment with { Status = DeploymentStatus.Starting, Url = program.Url.AbsoluteUri, Pid = program.Child.Pid, Message = "Starting." });
            return true;
        }
        catch (Exception failure) when (failure is AgentFailure or ProgramMissingException)
        {
            return await FailAsync(deployment, failure.Message);
        }
    }

    private async Task<bool> HandleExitAsync(DeploymentResource deployment, DeployedProgram program, CancellationToken cancellationToken)
    {
        var result = await program.Child.Completion.WaitAsync(cancellationToken);
        await EndAsync(deployment.Name);
        return await FailAsync(deployment, $"It ended with exit code {result.ExitCode}: {result.Tail(3)}");
    }

    private async Task<bool> WatchAsync(DeploymentResource deployment, DeployedProgram program, CancellationToken cancellationToken)
    {
        if (await program.IsHealthyAsync(_client, cancellationToken))
        {
            program.SilentSince = null;
            if (_time.GetElapsedTime(program.StartedAt) > s_longestPause)
            {
                _pauses.Remove(deployment.Name);
            }

            return await WriteIfChangedAsync(deployment with { Status = DeploymentStatus.Running, Url = program.Url.AbsoluteUri, Pid = program.Child.Pid, Message = "Running." }, deployment);
        }

        if (deployment.Status is DeploymentStatus.Starting && _time.GetElapsedTime(program.StartedAt) < s_startLimit)
        {
            return false;
        }

        program.SilentSince ??= _time.GetTimestamp();
        if (_time.GetElapsedTime(program.SilentSince.Value) < s_silenceLimit)
        {
            return await WriteIfChangedAsync(deployment with { Status = DeploymentStatus.Unhealthy, Message = $"It runs and does not answer at {deployment.HealthPath ?? "its port"}." }, deployment);
        }

        await EndAsync(deployment.Name);
        return await FailAsync(deployment, $"It did not answer for {s_silenceLimit.TotalSeconds:0} s and was ended.");
    }

    // Every failure doubles the wait before the next start, up to a minute.
    private async Task<bool> FailAsync(DeploymentResource deployment, string message)
    {
        var failures = _pauses.GetValueOrDefault(deployment.Name)?.Failures + 1 ?? 1;
        var length = TimeSpan.FromSeconds(Math.Min(s_longestPause.TotalSeconds, Math.Pow(2, failures - 1)));
        _pauses[deployment.Name] = new Pause(failures, _time.GetTimestamp(), length);
        LogFailed(deployment.Name, message, length.TotalSeconds);
        await WriteAsync(deployment with { Status = DeploymentStatus.Failed, Url = null, Pid = null, Message = $"{message} It is started again in {length.TotalSeconds:0} s." });
        return true;
    }

    private async Task StopWithAgentAsync(DeployedProgram program)
    {
        await program.StopAsync(s_stopGraceWithAgent);
        var stopped = program.Deployment with { Status = DeploymentStatus.Stopped, Url = program.Url.AbsoluteUri, Pid = null, Message = "Stopped with the agent that supervises it; it starts again with it." };
        await WriteAsync(stopped, s_requestLimitWithAgent);
    }

    private async Task EndAsync(string name)
    {
        if (_programs.Remove(name, out var program))
        {
            await program.StopAsync(s_stopGrace);
            await program.DisposeAsync();
        }
    }

    private DeployedProgram Launch(DeploymentResource deployment, int port) => DeployedProgram.Start(deployment, _processes, _root.StateDirectory(deployment.Name), port, _time);

    private void Hold(DeployedProgram program)
    {
        _programs[program.Deployment.Name] = program;
        _ports[program.Deployment.Name] = program.Url.Port;
    }

    // The address that people know stays, when nobody else took it meanwhile.
    private int PortFor(DeploymentResource deployment)
    {
        var port = Uri.TryCreate(deployment.Url, UriKind.Absolute, out var url) ? url.Port : _ports.GetValueOrDefault(deployment.Name);
        return port > 0 && FreePort.IsFree(port) ? port : FreePort.Next();
    }

    private async Task<bool> WriteIfChangedAsync(DeploymentResource next, DeploymentResource stored)
    {
        if ((next.Status, next.Url, next.Pid) == (stored.Status, stored.Url, stored.Pid))
        {
            return false;
        }

        await WriteAsync(next);
        return true;
    }

    // What cannot be told now is told by the next pass, which sees that the list says something else.
    private async Task WriteAsync(DeploymentResource deployment, TimeSpan? requestLimit = null)
    {
        using var limit = new CancellationTokenSource(requestLimit ?? s_requestLimit, _time);
        try
        {
            await _deployments.WriteAsync(deployment with { UpdatedAt = _time.GetUtcNow() }, limit.Token);
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or Polly.ExecutionRejectedException)
        {
            LogOrchestratorAway(exception.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "deployment {Name}: {Release} was started at {Url}")]
    private partial void LogStarted(string name, string release, Uri url);

    [LoggerMessage(LogLevel.Information, "deployment {Name}: stopped, {Reason}")]
    private partial void LogStopped(string name, string reason);

    [LoggerMessage(LogLevel.Warning, "deployment {Name}: {Message} Next start in {Seconds} s")]
    private partial void LogFailed(string name, string message, double seconds);

    [LoggerMessage(LogLevel.Debug, "the orchestrator does not answer: {Message}")]
    private partial void LogOrchestratorAway(string message);

    [LoggerMessage(LogLevel.Error, "a pass over the deployments failed")]
    private partial void LogPassFailed(Exception exception);

    private sealed record Pause(int Failures, long Since, TimeSpan Length);
}
