using System.Diagnostics;
using System.Globalization;

namespace Aspire.Hosting.Offline;

/// <summary>Waits until containers are healthy, or says why they are not.</summary>
internal sealed class ContainerHealth(ContainerEngine engine, TimeSpan patience)
{
    // A container without a check is fine when it has run for so long.
    private static readonly TimeSpan Settled = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the container is healthy; throws with the cause and its last lines when it ends, or is not healthy in time.</summary>
    internal async Task WaitAsync(DeployedContainer container, string name, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        var last = "it was not asked yet";
        while (watch.Elapsed < patience)
        {
            var (status, exitCode, restarts) = await StateAsync(name, cancellationToken);
            if (status is not ("running" or "created" or "configured" or "initialized") || restarts > 0)
            {
                throw await FailureAsync(container, name, $"ended with exit code {exitCode}", cancellationToken);
            }
            if (container.HealthLine is null ? watch.Elapsed > Settled : (last = await AskAsync(container, name, cancellationToken)).Length == 0)
            {
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        }
        throw await FailureAsync(container, name, $"did not become healthy within {patience.TotalSeconds:0} s: {last}", cancellationToken);
    }

    /// <summary>Returns when the container has done its work; throws when it failed, or is not done in time.</summary>
    internal async Task WaitForEndAsync(DeployedContainer container, string name, CancellationToken cancellationToken)
    {
        var watch = Stopwatch.StartNew();
        while (watch.Elapsed < patience)
        {
            var (status, exitCode, _) = await StateAsync(name, cancellationToken);
            if (status is "exited" or "stopped" or "dead")
            {
                if (exitCode != 0)
                {
                    throw await FailureAsync(container, name, $"ended with exit code {exitCode}", cancellationToken);
                }
                return;
            }
            await Task.Delay(TimeSpan.FromMilliseconds(500), cancellationToken);
        }
        throw await FailureAsync(container, name, $"was not done within {patience.TotalSeconds:0} s", cancellationToken);
    }

    /// <summary>Whether a container runs and, if it can be asked, is healthy now.</summary>
    internal async Task<bool> IsHealthyAsync(DeployedContainer container, string name, CancellationToken cancellationToken) =>
        (await StateAsync(name, cancellationToken)).Status == "running" && (container.HealthLine is null || (await AskAsync(container, name, cancellationToken)).Length == 0);

    // The engine's own timers are not relied on: podman has none without systemd.
    private async Task<string> AskAsync(DeployedContainer container, string name, CancellationToken cancellationToken)
    {
        var answer = await engine.AskAsync(["exec", name, "/bin/sh", "-c", container.HealthLine!], cancellationToken);
        return answer.IsSuccess ? "" : $"its health check ended with {answer.ExitCode}{(answer.LastWords.Length > 0 ? $" ({answer.LastWords})" : "")}";
    }

    private async Task<(string Status, int ExitCode, int Restarts)> StateAsync(string name, CancellationToken cancellationToken)
    {
        var said = await engine.RunAsync(["container", "inspect", "--format", "{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", name], cancellationToken);
        var parts = said.Split(' ');
        return (parts[0], int.Parse(parts[1], CultureInfo.InvariantCulture), int.Parse(parts[2], CultureInfo.InvariantCulture));
    }

    private async Task<DistributedApplicationException> FailureAsync(DeployedContainer container, string name, string what, CancellationToken cancellationToken)
    {
        var log = await engine.AskAsync(["logs", "--tail", "25", name], cancellationToken);
        var lines = $"{log.Output}\n{log.Errors}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return new DistributedApplicationException(
            $"'{container.Service.Name}' {what}. Image: {container.Image}. Its last lines:{Environment.NewLine}{string.Join(Environment.NewLine, lines.TakeLast(25).Select(line => $"  {container.Service.Name} | {line}"))}");
    }
}
