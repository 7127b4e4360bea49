using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Kubernetes;

namespace Aspire.Hosting.Offline;

/// <summary>Does what a command line asks for instead of a run: publish, build, deploy, destroy, releases.</summary>
internal sealed class PublishingCommand(
    DistributedApplicationModel model, DistributedApplicationExecutionContext executionContext, string applicationName, PublishOptions options, TextWriter output)
{
    /// <summary>Does it and returns when it is done; throws <see cref="DistributedApplicationException"/> with cause and remedy when it cannot be.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => options.Verb switch
    {
        PublishVerb.Publish => PublishAsync(cancellationToken),
        _ => throw new DistributedApplicationException($"'{options.Verb}' is not there yet."),
    };

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        var path = Path.GetFullPath(options.OutputPath ?? "aspire-output");
        switch (Target())
        {
            case PublishOptions.Manifest:
                await PublishManifestAsync(path, cancellationToken);
                break;
            case PublishOptions.Compose:
                await PublishComposeAsync(path, cancellationToken);
                break;
            case PublishOptions.Kubernetes:
                await PublishKubernetesAsync(path, cancellationToken);
                break;
            default:
                await PublishManifestAsync(path, cancellationToken);
                await PublishComposeAsync(Path.Combine(path, PublishOptions.Compose), cancellationToken);
                await PublishKubernetesAsync(Path.Combine(path, PublishOptions.Kubernetes), cancellationToken);
                break;
        }
    }

    // The publisher that was asked for, or the one place that the description names; null means all.
    private string? Target()
    {
        var environments = model.Resources.OfType<IComputeEnvironmentResource>().ToArray();
        return (options.Publisher, environments) switch
        {
            ({ } asked, _) => asked,
            (null, [DockerComposeEnvironmentResource]) => PublishOptions.Compose,
            (null, [KubernetesEnvironmentResource]) => PublishOptions.Kubernetes,
            (null, []) => null,
            _ => throw new DistributedApplicationException(
                $"The application has several compute environments ({string.Join(", ", environments.Select(one => one.Name))}). Add one at a time, for example by --target, or say which publisher: --publisher compose|kubernetes."),
        };
    }

    private async Task PublishManifestAsync(string path, CancellationToken cancellationToken)
    {
        var file = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? path : Path.Combine(path, ManifestPublisher.FileName);
        var folder = new OutputFolder(Path.GetDirectoryName(file)!);
        folder.Write(Path.GetFileName(file), await ManifestPublisher.WriteAsync(model, executionContext, file, cancellationToken));
        Close(folder);
    }

    private async Task PublishComposeAsync(string path, CancellationToken cancellationToken)
    {
        var compose = new ComposePublisher(await ReadAsync(cancellationToken), ComposeEnvironment()).Publish();
        var folder = new OutputFolder(path);
        folder.Write(ComposePublisher.FileName, compose.ToYaml());
        folder.Merge(ComposePublisher.VariablesFileName, present => EnvironmentFile.Merge(present, compose.Variables));
        Close(folder);
    }

    private async Task PublishKubernetesAsync(string path, CancellationToken cancellationToken)
    {
        var environment = model.Resources.OfType<KubernetesEnvironmentResource>().FirstOrDefault() ?? new KubernetesEnvironmentResource("kubernetes") { DashboardEnabled = false };
        var chart = new HelmPublisher(await ReadAsync(cancellationToken), environment).Publish();
        var folder = new OutputFolder(path);
        foreach (var (file, text) in chart.Files)
        {
            folder.Write(file, text);
        }
        Close(folder);
    }

    private DockerComposeEnvironmentResource ComposeEnvironment() =>
        model.Resources.OfType<DockerComposeEnvironmentResource>().FirstOrDefault() ?? new DockerComposeEnvironmentResource(PublishOptions.Compose) { DashboardEnabled = false };

    private Task<PublishedApplication> ReadAsync(CancellationToken cancellationToken) =>
        new ApplicationReader(model, executionContext, applicationName.ToLowerInvariant()).ReadAsync(cancellationToken);

    private void Close(OutputFolder folder)
    {
        folder.Close();
        foreach (var (file, result) in folder.Results)
        {
            output.WriteLine(result is OutputResult.Kept
                ? $"kept       {Path.Combine(folder.Folder, file)}: you edited it; what would be written now is beside it, {Path.GetFileName(file)}.new"
                : $"{result.ToString().ToLowerInvariant(),-10} {Path.Combine(folder.Folder, file)}");
        }
    }
}
