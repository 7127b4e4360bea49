using Stack.Contracts;

namespace Stack.Agents.Deployment;

/// <summary>Replacing a release by another.</summary>
internal sealed partial class DeploymentSupervisor
{
    private const int PortTries = 3;

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
            for (var tries = 1; ; tries++)
            {
                await using var start = new StartedRelease(Launch(deployment, FreePort.Next()));
                if (await start.Program.WaitUntilHealthyAsync(_client, healthLimit, cancellationToken))
                {
                    var running = Running(start.Program);
                    await _deployments.WriteAsync(running, cancellationToken);
                    return await ReplaceAsync(start.Keep(), running);
                }

                var givenUp = await GiveUpAsync(start.Program, healthLimit);
                if (tries == PortTries || FreePort.IsFree(start.Program.Url.Port))
                {
                    return givenUp;
                }

                // Somebody else took the port between finding it and using it.
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
        // One that ended by itself needs a moment until its last words are here.
        await Task.WhenAny(program.Child.Completion, Task.Delay(s_lastWords, _time, CancellationToken.None));
        var died = program.Child.HasExited;
        var result = await program.StopAsync(s_stopGrace);
        var reason = died
            ? $"it ended with exit code {result.ExitCode}: {result.Tail(5)}"
            : $"it did not answer at {program.Deployment.HealthPath ?? "its port"} within {healthLimit.TotalSeconds:0} s";
        return new SwapResult(null, _programs.GetValueOrDefault(program.Deployment.Name)?.Deployment.Release, reason, result.Tail());
    }

    private async Task<SwapResult> ReplaceAsync(DeployedProgram program, DeploymentResource running)
    {
        using (await _gate.EnterAsync(CancellationToken.None))
        {
            var replaced = _programs.GetValueOrDefault(running.Name)?.Deployment.Release;
            await EndAsync(running.Name);
            program.SilentSince = null;
            Hold(program);

            // While the orchestrator is away passes go by the list that was read last, which is from before.
            _known = [.. (_known ?? []).Where(one => one.Name != running.Name), running];
            _pauses.Remove(running.Name);
            LogStarted(running.Name, running.Release, program.Url);
            return new SwapResult(running, replaced, null, null);
        }
    }

    private async Task EnterSwapAsync(string name, CancellationToken cancellationToken)
    {
        while (true)
        {
            using (await _gate.EnterAsync(cancellationToken))
            {
                if (_swapping.Add(name))
                {
                    return;
                }
            }

            // Another workflow replaces the deployment of the same name; the later one wins.
            await Task.Delay(TimeSpan.FromMilliseconds(200), _time, cancellationToken);
        }
    }

    private async Task LeaveSwapAsync(string name)
    {
        using (await _gate.EnterAsync(CancellationToken.None))
        {
            _swapping.Remove(name);
        }
    }

    /// <summary>A release that ends at the end of its scope unless it is kept.</summary>
    /// <param name="program">Its process.</param>
    private sealed class StartedRelease(DeployedProgram program) : IAsyncDisposable
    {
        private bool _kept;

        public DeployedProgram Program { get; } = program;

        public DeployedProgram Keep()
        {
            _kept = true;
            return Program;
        }

        public ValueTask DisposeAsync() => _kept ? ValueTask.CompletedTask : Program.DisposeAsync();
    }
}

/// <summary>How replacing a release ended.</summary>
/// <param name="Running">The new release as it runs. Null: it does not.</param>
/// <param name="Before">The release that ran before; when <paramref name="Running"/> is null it still does. Null: none.</param>
/// <param name="Reason">Why the new one does not run. Null: it does.</param>
/// <param name="Output">The last that it wrote. Null: it runs.</param>
internal sealed record SwapResult(DeploymentResource? Running, string? Before, string? Reason, string? Output);
