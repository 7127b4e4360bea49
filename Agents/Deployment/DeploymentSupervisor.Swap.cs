using Stack.Agents.Tools;
using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>Replacing a release by another.</summary>
internal sealed partial class DeploymentSupervisor
{
    /// <summary>
    /// Starts a new release beside the one that runs, waits until it is healthy, lists it, and only then stops the old one. When it does not become healthy, or cannot be listed, it is
    /// ended and the old one keeps running. Idempotent: starting the release that runs replaces its process.
    /// </summary>
    /// <param name="deployment">The new release.</param>
    /// <param name="healthLimit">How long it may take to become healthy.</param>
    /// <param name="cancellationToken">Ends the new release, not the old one.</param>
    /// <exception cref="HttpRequestException">The orchestrator did not take the new release.</exception>
    public async Task<SwapResult> SwapAsync(DeploymentResource deployment, TimeSpan healthLimit, CancellationToken cancellationToken)
    {
        await EnterSwapAsync(deployment.Name, cancellationToken);
        try
        {
            var program = Launch(deployment, FreePort.Next());
            var kept = false;
            try
            {
                if (!await program.WaitUntilHealthyAsync(_client, healthLimit, cancellationToken))
                {
                    return await GiveUpAsync(program, healthLimit);
                }

                var running = Running(program);
                await _deployments.WriteAsync(running, cancellationToken);
                kept = true;
                return await ReplaceAsync(program, running);
            }
            finally
            {
                if (!kept)
                {
                    await program.DisposeAsync();
                }
            }
        }
        finally
        {
            await LeaveSwapAsync(deployment.Name);
        }
    }

    private DeploymentResource Running(DeployedProgram program) => program.Deployment with
    {
        Desired = DesiredState.Running,
        Status = DeploymentStatus.Running,
        Url = program.Url.AbsoluteUri,
        Pid = program.Child.Pid,
        Message = "Running.",
        UpdatedAt = _time.GetUtcNow(),
    };

    private async Task<SwapResult> GiveUpAsync(DeployedProgram program, TimeSpan healthLimit)
    {
        var died = program.Child.HasExited;
        var result = await program.StopAsync();
        var reason = died
            ? $"it ended with exit code {result.ExitCode}: {result.Tail(5)}"
            : $"it did not answer at {program.Deployment.HealthPath ?? "its port"} within {healthLimit.TotalSeconds:0} s";
        return new SwapResult(null, _programs.GetValueOrDefault(program.Deployment.Name)?.Deployment.Release, reason, result.Tail());
    }

    private async Task<SwapResult> ReplaceAsync(DeployedProgram program, DeploymentResource running)
    {
        await _gate.WaitAsync(CancellationToken.None);
        try
        {
            var replaced = _programs.GetValueOrDefault(running.Name)?.Deployment.Release;
            await EndAsync(running.Name);
            program.SilentSince = null;
            _programs[running.Name] = program;
            _pauses.Remove(running.Name);
            LogStarted(running.Name, running.Release, program.Url);
            return new SwapResult(running, replaced, null, null);
        }
        finally
        {
            _gate.Release();
        }
    }

    private async Task EnterSwapAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            await _gate.WaitAsync(cancellationToken);
            try
            {
                if (_swapping.Add(name))
                {
                    return;
                }
            }
            finally
            {
                _gate.Release();
            }

            // Another workflow replaces the deployment of the same name; the later one wins.
            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken);
        }
    }

    private async Task LeaveSwapAsync(string name)
    {
        await _gate.WaitAsync(CancellationToken.None);
        _swapping.Remove(name);
        _gate.Release();
    }
}

/// <summary>How replacing a release ended.</summary>
/// <param name="Running">The new release as it runs. Null: it does not.</param>
/// <param name="Before">The release that ran before; when <paramref name="Running"/> is null it still does. Null: none.</param>
/// <param name="Reason">Why the new one does not run. Null: it does.</param>
/// <param name="Output">The last that it wrote. Null: it runs.</param>
internal sealed record SwapResult(DeploymentResource? Running, string? Before, string? Reason, string? Output);
