using System.Globalization;
using System.Net;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Makes containers of the model real by docker or podman. Each has a name with the run's id, labels by which it is found again, and its place in the
/// application's network. One whose lifetime is persistent has a name of the data directory, outlives the host, and is used again while its plan is the same.
/// </summary>
internal sealed partial class ContainerMaterializer(
    ContainerRuntimes runtimes,
    ContainerSurvey survey,
    ContainerImages images,
    ContainerNetwork network,
    ContainerLabels labels,
    StateDirectory data,
    InstanceStarter starter,
    LeftoverReaper reaper,
    PortCheck ports,
    DistributedApplicationExecutionContext executionContext,
    IConfiguration configuration,
    IServiceProvider services,
    TimeProvider time,
    ILogger<ContainerMaterializer> logger) : IMaterializer
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public MaterializationKind Kind => MaterializationKind.Container;

    public (bool IsPossible, string Reason) Assess(IResource resource) => resource.IsContainer() ? survey.Assess(resource) : (false, "");

    public string? Remedy(IReadOnlyList<IResource> refused) => survey.Remedy;

    public async Task<IMaterializedInstance> StartAsync(ResourceInstance instance, CancellationToken cancellationToken)
    {
        var resource = instance.Resource;
        var runtime = (await runtimes.FindAsync()).Runtime ?? throw new TemporarilyUnavailableException($"'{resource.Name}' needs a container runtime, and none answers. {ContainerRuntimes.Remedy}");
        RequiredCommands.Check(resource);
        await images.EnsureAsync(runtime, resource, instance.Log.Append, cancellationToken);
        var gateway = await network.EnsureAsync(runtime, cancellationToken);
        var plan = await PlanAsync(resource, gateway, cancellationToken);
        var isPersistent = resource.TryGetLastAnnotation<ContainerLifetimeAnnotation>(out var lifetime) && lifetime.Lifetime == ContainerLifetime.Persistent;
        var name = resource.TryGetLastAnnotation<ContainerNameAnnotation>(out var given) ? given.Name : $"{resource.Name}-{(isPersistent ? labels.DataHash : labels.RunId)}";
        if (isPersistent && await ReuseAsync(runtime, name, plan, cancellationToken) is { } existing)
        {
            LogReused(resource.Name, name);
            return await WatchAsync(runtime, existing, instance, plan, isPersistent, cancellationToken);
        }
        ports.Check(instance);
        var id = await CreateAsync(runtime, name, instance, plan, isPersistent, cancellationToken);
        return await WatchAsync(runtime, id, instance, plan, isPersistent, cancellationToken);
    }

    private async Task<ContainerPlan> PlanAsync(IResource resource, IPAddress? gateway, CancellationToken cancellationToken)
    {
        var variables = await EnvironmentEvaluator.EvaluateAsync(resource, executionContext, logger, cancellationToken);
        var arguments = await EnvironmentEvaluator.EvaluateArgumentsAsync(resource, executionContext, logger, cancellationToken);
        var container = resource as ContainerResource;
        var extra = new List<object>();
        foreach (var callback in resource.Annotations.OfType<ContainerRuntimeArgsCallbackAnnotation>())
        {
            await callback.Callback(new(extra, cancellationToken));
        }
        return new(
            images.NameOf(resource),
            container?.Entrypoint,
            // One line for a shell, which puts the variables in.
            container?.ShellExecution == true ? ["-c", string.Join(' ', arguments)] : arguments,
            [.. variables.Select(variable => variable with { Value = variable.Value.Replace(OtlpConfigurationExtensions.InstanceSuffixPlaceholder, resource.Name, StringComparison.Ordinal) })],
            [.. ContainerPlan.OptionsOf(resource, network.Name, gateway, VolumeName), .. extra.Select(one => Convert.ToString(one, CultureInfo.InvariantCulture) ?? "")],
            await ContainerFilesArchive.PackAsync(resource, services, cancellationToken));
    }

    // A generated name belongs to the data directory, as the password does that the data were made with; a name that somebody chose is used as it is.
    private string VolumeName(string name) =>
        configuration["AppHost:Sha256"] is { Length: > 10 } hash && name.Contains($"-{hash[..10].ToLowerInvariant()}-", StringComparison.Ordinal) ? $"{name}-{labels.DataHash}" : name;

    private static async Task<string?> ReuseAsync(ContainerRuntime runtime, string name, ContainerPlan plan, CancellationToken cancellationToken)
    {
        var known = await runtime.RunAsync(
            ["inspect", "--type", "container", "--format", $"{{{{.Id}}}} {{{{index .Config.Labels \"{ContainerLabels.Configuration}\"}}}} {{{{.State.Running}}}}", name], Patience, cancellationToken);
        if (!known.IsSuccess || known.Output.Trim().Split(' ') is not [var id, var hash, var isRunning])
        {
            return null;
        }
        if (hash == plan.Hash() && (isRunning == "true" || (await runtime.RunAsync(["start", id], Patience, cancellationToken)).IsSuccess))
        {
            return id;
        }
        await runtime.RunAsync(["rm", "--force", "--volumes", id], Patience, cancellationToken);
        return null;
    }

    private async Task<string> CreateAsync(ContainerRuntime runtime, string name, ResourceInstance instance, ContainerPlan plan, bool isPersistent, CancellationToken cancellationToken)
    {
        var file = Path.Combine(data.Run, $"{instance.Id}.env");
        WriteSecretly(file, plan.EnvironmentFile());
        try
        {
            string[] make = [.. plan.CreateArguments(runtime, name, file, labels.Arguments(instance.Resource.Name, isPersistent, plan.Hash()))];
            string[] command = plan.Files is null ? ["run", "--detach", .. make] : ["create", .. make];
            var made = await runtime.RunAsync(command, [.. plan.ByName()], input: null, onLine: null, Patience, cancellationToken);
            if (!made.IsSuccess && await RemoveStaleAsync(runtime, name, cancellationToken))
            {
                made = await runtime.RunAsync(command, [.. plan.ByName()], input: null, onLine: null, Patience, cancellationToken);
            }
            await CheckAsync(runtime, instance, name, made, cancellationToken);
            var id = made.Lines[^1];
            if (plan.Files is { } files)
            {
                await CheckAsync(runtime, instance, name, await runtime.RunAsync(["cp", OwnersOption(runtime), "-", $"{id}:/"], [], files, onLine: null, Patience, cancellationToken), cancellationToken);
                await CheckAsync(runtime, instance, name, await runtime.RunAsync(["start", id], Patience, cancellationToken), cancellationToken);
            }
            return id;
        }
        finally
        {
            File.Delete(file);
        }
    }

    // Files keep the owners that the archive says: docker's word for it is the opposite of podman's.
    private static string OwnersOption(ContainerRuntime runtime) => runtime.IsPodman ? "--archive=false" : "--archive=true";

    // One of this data directory's, that a start left which did not get to its end.
    private async Task<bool> RemoveStaleAsync(ContainerRuntime runtime, string name, CancellationToken cancellationToken)
    {
        var owner = await runtime.RunAsync(["inspect", "--type", "container", "--format", $"{{{{index .Config.Labels \"{ContainerLabels.Data}\"}}}}", name], Patience, cancellationToken);
        return owner.IsSuccess && owner.Output.Trim() == labels.DataHash && (await runtime.RunAsync(["rm", "--force", "--volumes", name], Patience, cancellationToken)).IsSuccess;
    }

    private async Task CheckAsync(ContainerRuntime runtime, ResourceInstance instance, string name, ContainerAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.IsSuccess)
        {
            return;
        }
        await RemoveStaleAsync(runtime, name, cancellationToken);
        var message = $"The container {name} of '{instance.Resource.Name}' could not be started. {runtime.Name} says: {answer.Errors.Trim()}";
        throw answer.Errors.Contains("address already in use", StringComparison.OrdinalIgnoreCase) || answer.Errors.Contains("port is already allocated", StringComparison.OrdinalIgnoreCase)
            ? new TemporarilyUnavailableException($"{message} Stop what has the port.")
            : new DistributedApplicationException($"{message} Try it by hand to see more: {runtime.Name} run --rm -it {images.NameOf(instance.Resource)}");
    }

    private async Task<ContainerInstance> WatchAsync(
        ContainerRuntime runtime, string id, ResourceInstance instance, ContainerPlan plan, bool isPersistent, CancellationToken cancellationToken)
    {
        var logs = starter.StartClient(instance, new(runtime.Program, ["logs", "--follow", id], Path.GetTempPath(), []));
        var answer = await runtime.RunAsync(["inspect", "--type", "container", "--format", "{{.State.Pid}}", id], Patience, cancellationToken);
        var processId = int.TryParse(answer.Output.Trim(), CultureInfo.InvariantCulture, out var pid) && IsOf(pid, id) ? pid : (int?)null;
        if (processId is { } ours && !isPersistent)
        {
            reaper.Register(instance.Id, ours, new(runtime.Program, [], Path.GetTempPath(), []));
        }
        return new ContainerInstance(runtime, id, instance, plan, isPersistent, processId, logs, reaper, time);
    }

    // Where the runtime is a virtual machine, the id is one of that machine, and means somebody else here.
    private static bool IsOf(int processId, string container)
    {
        try
        {
            return processId > 1 && File.ReadAllText($"/proc/{processId}/cgroup").Contains(container[..12], StringComparison.Ordinal);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void WriteSecretly(string path, string content)
    {
        File.Delete(path);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }
        using var writer = new StreamWriter(path, options);
        writer.Write(content);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Resource} uses the container {Name} that an earlier run left for it.")]
    private partial void LogReused(string resource, string name);
}
