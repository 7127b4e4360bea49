using System.Collections.Immutable;
using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Starts projects and programs as child processes: a project's built assembly directly, without another build.</summary>
internal sealed class ProcessMaterializer(
    DistributedApplicationExecutionContext executionContext, RunMarker marker, LeftoverReaper reaper, EndpointAllocator allocator, HostDescription host, TimeProvider time, ILogger<ProcessMaterializer> logger) : IMaterializer
{
    public MaterializationKind Kind => MaterializationKind.Process;

    public (bool IsPossible, string Reason) Assess(IResource resource) => resource switch
    {
        ProjectResource => (true, "project"),
        ExecutableResource => (true, "program"),
        _ => (false, "server processes are not in this host yet"),
    };

    public async Task<IMaterializedInstance> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var (resource, log) = (instance.Resource, instance.Log);
        var variables = (await EnvironmentEvaluator.EvaluateAsync(resource, executionContext, logger, cancellationToken)).ToList();
        var arguments = await EnvironmentEvaluator.EvaluateArgumentsAsync(resource, executionContext, logger, cancellationToken);
        var command = resource is ProjectResource project
            ? await ProjectLaunch.CommandAsync(project, arguments, cancellationToken)
            : ExecutableCommand((ExecutableResource)resource, arguments);
        CheckPorts(instance);
        UseOwnPorts(instance, variables);
        var environment = Defaults(resource).Concat(variables.Select(variable => variable with
        {
            Value = variable.Value.Replace(OtlpConfigurationExtensions.InstanceSuffixPlaceholder, instance.Suffix, StringComparison.Ordinal),
        }));
        command = command with
        {
            Environment =
            [
                .. environment,
                new(RunMarker.RunVariable, marker.RunId, IsSecret: false),
                new(RunMarker.InstanceVariable, marker.InstanceId(instance.Id), IsSecret: false),
            ],
        };
        var child = ChildProcess.Start(command, log.Append);
        reaper.Register(instance.Id, child.Id);
        return new ProcessInstance(instance, child, command, [.. variables], reaper, time);
    }

    private static LaunchCommand ExecutableCommand(ExecutableResource executable, IReadOnlyList<string> arguments) =>
        new(ProgramFinder.Find(executable.Command, executable.WorkingDirectory), arguments, executable.WorkingDirectory, []);

    // Small services on one machine: one heap, no background collector thread, and memory given back. A project may say otherwise with WithEnvironment.
    private static IEnumerable<EvaluatedVariable> Defaults(IResource resource) => resource is not ProjectResource ? [] :
    [
        new("DOTNET_gcServer", "0", IsSecret: false),
        new("DOTNET_gcConcurrent", "0", IsSecret: false),
        new("DOTNET_GCgen0size", "0x1000000", IsSecret: false),
        new("DOTNET_TieredPGO", "0", IsSecret: false),
        new("DOTNET_NOLOGO", "1", IsSecret: false),
        new("DOTNET_SHUTDOWNTIMEOUTSECONDS", "3", IsSecret: false),
        new("ASPNETCORE_SHUTDOWNTIMEOUTSECONDS", "3", IsSecret: false),
    ];

    private void CheckPorts(ResourceInstance instance)
    {
        if (instance.Replica > 0)
        {
            return;
        }
        foreach (var endpoint in instance.Resource.Annotations.OfType<EndpointAnnotation>())
        {
            if (endpoint.AllocatedEndpoint is { Port: var port } && PortOwner.IsTaken(port))
            {
                var remedy = host.PortOptionOf(instance.Resource.Name) is { } option ? $"start with {option} OTHER" : "give the resource another port";
                throw new TemporarilyUnavailableException(
                    $"Port {port} of '{instance.Resource.Name}' ({endpoint.Name}) is taken by {PortOwner.Describe(port)}. Stop that, or {remedy}.");
            }
        }
    }

    // Replicas after the first cannot bind the same port; each gets one of its own, and only the first is found by name.
    private void UseOwnPorts(ResourceInstance instance, List<EvaluatedVariable> variables)
    {
        if (instance.Replica == 0)
        {
            return;
        }
        foreach (var address in instance.Resource.Annotations.OfType<EndpointAnnotation>().Select(endpoint => endpoint.AllocatedEndpoint).OfType<AllocatedEndpoint>())
        {
            var own = $"{address.UriScheme}://{address.Endpoint.TargetHost}:{allocator.FreePort().ToString(CultureInfo.InvariantCulture)}";
            var shared = $"{address.UriScheme}://{address.Endpoint.TargetHost}:{address.Port.ToString(CultureInfo.InvariantCulture)}";
            var index = variables.FindIndex(variable => variable.Name == "ASPNETCORE_URLS");
            if (index >= 0)
            {
                variables[index] = variables[index] with { Value = variables[index].Value.Replace(shared, own, StringComparison.Ordinal) };
            }
        }
    }
}

/// <summary>A child process that is an instance of a resource.</summary>
internal sealed class ProcessInstance(
    ResourceInstance instance, ChildProcess child, LaunchCommand command, ImmutableArray<EvaluatedVariable> variables, LeftoverReaper reaper, TimeProvider time) : IMaterializedInstance
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
        [.. variables.Select(variable => new EnvironmentVariableSnapshot(variable.Name, variable.IsSecret ? null : variable.Value, IsFromSpec: true))];

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
