using System.Collections.Immutable;
using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>A child process that is an instance of a resource.</summary>
internal sealed class ProcessInstance(
    ResourceInstance instance, ChildProcess child, LaunchCommand command, LeftoverReaper reaper, TimeProvider time) : IMaterializedInstance
{
    public Task<int> Exited => child.Exited;

    public int? ProcessId => child.Id;

    public ImmutableArray<ResourcePropertySnapshot> Properties { get; } =
    [
        new(KnownProperties.ExecutablePath, command.Program),
        new(KnownProperties.ExecutableWorkDir, command.WorkingDirectory),
        new(KnownProperties.ExecutableArgs, command.Arguments) { IsSensitive = true },
        new(KnownProperties.ExecutablePid, child.Id),
    ];

    public ImmutableArray<EnvironmentVariableSnapshot> EnvironmentVariables { get; } =
        [.. command.Environment.Select(variable => new EnvironmentVariableSnapshot(variable.Name, variable.IsSecret ? null : variable.Value, IsFromSpec: true) { SecretValue = variable.IsSecret ? variable.Value : null })];

    public async Task StopAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        child.Terminate();
        await Task.WhenAny(child.Exited, Task.Delay(grace, time, cancellationToken));
        await DisposeAsync();
    }

    public void Kill() => child.KillTree();

    public async ValueTask DisposeAsync()
    {
        await child.DisposeAsync();
        await reaper.ReapInstanceAsync(instance.Id, CancellationToken.None);
        reaper.Unregister(instance.Id);
    }
}
