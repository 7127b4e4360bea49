using System.Collections.Concurrent;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Logging;

namespace Aspire.Hosting.Offline;

/// <summary>
/// Finds out, before it is decided how resources are made real, whether there is a container runtime and which images it has or can get. Where another way
/// is allowed and no server is installed, images that are not there are pulled now, so that a pull that fails leads to that way.
/// </summary>
internal sealed partial class ContainerSurvey(ContainerRuntimes runtimes, ContainerImages images, IEnumerable<IServerProgram> servers, ILogger<ContainerSurvey> logger)
{
    /// <summary>How long a registry may take to answer at all.</summary>
    private static readonly TimeSpan FirstAnswer = TimeSpan.FromSeconds(6);

    private readonly ConcurrentDictionary<IResource, (bool IsPossible, string Reason)> findings = new();
    private readonly IServerProgram[] servers = [.. servers];
    private string? absent;

    /// <summary>What to do so that containers can be run; null when they can.</summary>
    internal string? Remedy => absent is null ? null : $"{absent}. {ContainerRuntimes.Remedy}";

    /// <summary>Looks, unless the mode has no use for containers.</summary>
    internal async Task LookAsync(DistributedApplicationModel model, InfrastructureMode mode, CancellationToken cancellationToken)
    {
        var resources = model.Resources.Where(resource => resource.IsContainer()).ToArray();
        if (resources.Length == 0 || mode is not (InfrastructureMode.Auto or InfrastructureMode.Containers))
        {
            return;
        }
        var (runtime, reason) = await runtimes.FindAsync();
        if (runtime is null)
        {
            absent = reason;
            return;
        }
        await Task.WhenAll(resources.Select(async resource => findings[resource] = await LookAsync(runtime, resource, mode, cancellationToken)));
    }

    internal (bool IsPossible, string Reason) Assess(IResource resource) =>
        findings.TryGetValue(resource, out var finding) ? finding : (false, absent is null ? "" : "no container runtime answers");

    private async Task<(bool IsPossible, string Reason)> LookAsync(ContainerRuntime runtime, IResource resource, InfrastructureMode mode, CancellationToken cancellationToken)
    {
        var how = $"{runtime.Name} {runtime.Version}";
        var image = images.NameOf(resource);
        if (resource.HasAnnotationOfType<DockerfileBuildAnnotation>() || await ContainerImages.IsThereAsync(runtime, image, cancellationToken))
        {
            return (true, how);
        }
        // Services do well without it, and it is large: nobody gets it who did not ask for it.
        if (Array.Exists(servers, server => server.IsOptional && server.Serves(resource)))
        {
            return (false, $"{image} is not there, get it with: {runtime.Name} pull {image}");
        }
        // What is installed is there already.
        if (mode == InfrastructureMode.Auto && Array.Exists(servers, server => server.Serves(resource) && server.Assess().IsPossible) && !OperatingSystem.IsWindows())
        {
            return (false, $"{image} is not there, get it with: {runtime.Name} pull {image}");
        }
        // It is pulled at the start, and when that fails it is said there.
        return mode == InfrastructureMode.Containers ? (true, how) : await TryPullAsync(runtime, image, how, cancellationToken);
    }

    private async Task<(bool IsPossible, string Reason)> TryPullAsync(ContainerRuntime runtime, string image, string how, CancellationToken cancellationToken)
    {
        LogPulling(image, runtime.Name);
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        late.CancelAfter(FirstAnswer);
        try
        {
            var answer = await images.PullAsync(runtime, image, OnLine, late.Token);
            return answer.IsSuccess ? (true, how) : (false, $"{image} is not there and {runtime.Name} cannot pull it: {answer.Reason}");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return (false, $"{image} is not there and its registry does not answer");
        }

        // What podman says first it says before it asked anybody.
        void OnLine(string line, bool isError)
        {
            if (!line.StartsWith("Trying to pull", StringComparison.Ordinal))
            {
                late.CancelAfter(Timeout.InfiniteTimeSpan);
                LogProgress(image, line);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Pulling {Image} with {Runtime}.")]
    private partial void LogPulling(string image, string runtime);

    [LoggerMessage(Level = LogLevel.Information, Message = "{Image}: {Line}")]
    private partial void LogProgress(string image, string line);
}
