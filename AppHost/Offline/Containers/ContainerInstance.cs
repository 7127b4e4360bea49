using System.Collections.Immutable;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>A container that is an instance of a resource: its output is read by one client of the runtime, which also ends when it ends.</summary>
internal sealed class ContainerInstance : IMaterializedInstance
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ContainerRuntime runtime;
    private readonly string id;
    private readonly ResourceInstance instance;
    private readonly bool isPersistent;
    private readonly ChildProcess logs;
    private readonly LeftoverReaper reaper;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource watching = new();

    /// <summary>Takes over a container that runs.</summary>
    internal ContainerInstance(ContainerRuntime runtime, string id, ResourceInstance instance, ContainerPlan plan, bool isPersistent, int? processId, ChildProcess logs, LeftoverReaper reaper, TimeProvider time)
    {
        this.runtime = runtime;
        this.id = id;
        this.instance = instance;
        this.isPersistent = isPersistent;
        this.logs = logs;
        this.reaper = reaper;
        this.time = time;
        ProcessId = processId;
        Properties =
        [
            new(KnownProperties.ContainerId, id),
            new(KnownProperties.ContainerImage, plan.Image),
            new(KnownProperties.ContainerCommand, plan.Entrypoint ?? ""),
            new(KnownProperties.ContainerArgs, plan.Arguments) { IsSensitive = true },
            new(KnownProperties.ContainerPorts, plan.Options.Where(option => option.StartsWith("--publish=", StringComparison.Ordinal)).Select(option => option["--publish=".Length..]).ToArray()),
            new(KnownProperties.ContainerLifetime, isPersistent ? nameof(ContainerLifetime.Persistent) : nameof(ContainerLifetime.Session)),
            .. processId is { } pid ? (ResourcePropertySnapshot[])[new(KnownProperties.ExecutablePid, pid)] : [],
        ];
        EnvironmentVariables = [.. plan.Environment.Select(variable => new EnvironmentVariableSnapshot(variable.Name, variable.IsSecret ? null : variable.Value, IsFromSpec: true))];
        Exited = WaitAsync();
    }

    public Task<int> Exited { get; }

    public int? ProcessId { get; }

    public ImmutableArray<ResourcePropertySnapshot> Properties { get; }

    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; }

    public async Task StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        var seconds = Math.Max(0, (int)Math.Floor(grace.TotalSeconds));
        await runtime.RunAsync(["stop", "--time", seconds.ToString(CultureInfo.InvariantCulture), id], grace + Patience, cancellationToken);
        await Task.WhenAny(Exited, Task.Delay(TimeSpan.FromSeconds(2), time, cancellationToken));
        await DisposeAsync();
    }

    public async Task LeaveAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        if (!isPersistent)
        {
            await StopAsync(grace, cancellationToken);
            return;
        }
        await EndWatchingAsync();
    }

    // It is killed with everything of the run, and removed by the watchdog or at the next start: nobody waits for a runtime here.
    public void Kill() => _ = runtime.RunAsync(["kill", id], Patience, CancellationToken.None);

    public async ValueTask DisposeAsync()
    {
        if (!isPersistent)
        {
            await runtime.RunAsync(["rm", "--force", "--volumes", id], Patience, CancellationToken.None);
            await reaper.ReapInstanceAsync(instance.Id, CancellationToken.None);
            reaper.Unregister(instance.Id);
        }
        await EndWatchingAsync();
    }

    private async Task EndWatchingAsync()
    {
        await watching.CancelAsync();
        await logs.DisposeAsync();
    }

    private async Task<int> WaitAsync()
    {
        await logs.Exited;
        await logs.DrainAsync();
        try
        {
            var answer = await runtime.RunAsync(["wait", id], Timeout.InfiniteTimeSpan, watching.Token);
            return answer.IsSuccess && int.TryParse(answer.Output.Trim(), CultureInfo.InvariantCulture, out var code) ? code : 137;
        }
        catch (OperationCanceledException) when (watching.IsCancellationRequested)
        {
            // It was removed, or left to itself; nobody asks for its exit code any more.
            return 0;
        }
    }
}
