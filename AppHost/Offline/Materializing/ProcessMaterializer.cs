using System.Globalization;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>Starts projects and programs as child processes: a project's built assembly directly, without another build.</summary>
internal sealed class ProcessMaterializer(
    DistributedApplicationExecutionContext executionContext, InstanceStarter starter, EndpointAllocator allocator, PortCheck ports, ILogger<ProcessMaterializer> logger) : IMaterializer
{
    public MaterializationKind Kind => MaterializationKind.Process;

    public (bool IsPossible, string Reason) Assess(IResource resource) => resource switch
    {
        ProjectResource => (true, "project"),
        ExecutableResource => (true, "program"),
        _ => (false, ""),
    };

    public async Task<IMaterializedInstance> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var resource = instance.Resource;
        RequiredCommands.Check(resource);
        var variables = (await EnvironmentEvaluator.EvaluateAsync(resource, executionContext, logger, cancellationToken)).ToList();
        var arguments = await EnvironmentEvaluator.EvaluateArgumentsAsync(resource, executionContext, logger, cancellationToken);
        var command = resource is ProjectResource project
            ? await ProjectLaunch.CommandAsync(project, arguments, cancellationToken)
            : ExecutableCommand((ExecutableResource)resource, arguments);
        ports.Check(instance);
        UseOwnPorts(instance, variables);
        var suffixed = variables.Select(variable => variable with
        {
            Value = variable.Value.Replace(OtlpConfigurationExtensions.InstanceSuffixPlaceholder, instance.Suffix, StringComparison.Ordinal),
        });
        return starter.Start(instance, command with { Environment = [.. Defaults(resource), .. suffixed] });
    }

    private static LaunchCommand ExecutableCommand(ExecutableResource executable, IReadOnlyList<string> arguments) =>
        new(ProgramSearch.OfThisMachine().Require(executable.Command, executable.WorkingDirectory), arguments, executable.WorkingDirectory, []);

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
