using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Docker;
using Aspire.Hosting.Kubernetes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting.Offline;

/// <summary>Does what a command line asks for instead of a run: publish, build, deploy, destroy, releases.</summary>
internal sealed class PublishingCommand(
    DistributedApplicationModel model,
    DistributedApplicationExecutionContext executionContext,
    IHostEnvironment host,
    IConfiguration configuration,
    StateDirectory data,
    TimeProvider time,
    PublishOptions options,
    TextWriter output)
{
    private const string ImagesFileName = "images.env";

    /// <summary>Does it and returns when it is done; throws <see cref="DistributedApplicationException"/> with cause and remedy when it cannot be.</summary>
    internal Task RunAsync(CancellationToken cancellationToken) => options.Verb switch
    {
        PublishVerb.Publish => PublishAsync(cancellationToken),
        PublishVerb.Build => BuildAsync(cancellationToken),
        PublishVerb.Deploy => DeployAsync(cancellationToken),
        PublishVerb.Destroy => DestroyAsync(cancellationToken),
        PublishVerb.Releases => SayReleasesAsync(cancellationToken),
        _ => throw new InvalidOperationException($"'{options.Verb}' is no verb of a deployment."),
    };

    private string OutputPath => Path.GetFullPath(options.OutputPath ?? "aspire-output");

    private async Task BuildAsync(CancellationToken cancellationToken)
    {
        var images = await BuildImagesAsync(await ReadAsync(cancellationToken), await ContainerEngine.FindAsync(configuration, cancellationToken), cancellationToken);
        WriteImages(OutputPath, images);
    }

    private async Task DeployAsync(CancellationToken cancellationToken)
    {
        var engine = await ContainerEngine.FindAsync(configuration, cancellationToken);
        var application = await ReadAsync(cancellationToken);
        var compose = new ComposePublisher(application, ComposeEnvironment()).Publish();
        var folder = WriteCompose(compose, OutputPath);
        if (folder.Results.Any(result => result.Result is OutputResult.Kept))
        {
            throw new DistributedApplicationException(
                $"You edited {Path.Combine(folder.Folder, ComposePublisher.FileName)}, and 'deploy' rolls out what the description says, not that file. Put the change into the description, or roll the file out yourself: {engine.Program} compose up --detach --wait.");
        }
        var said = EnvironmentFile.Read(await File.ReadAllTextAsync(Path.Combine(folder.Folder, ComposePublisher.VariablesFileName), cancellationToken));
        var needed = application with { Services = [.. application.Services.Where(service => string.IsNullOrEmpty(said.GetValueOrDefault(ComposePublisher.ImageVariable(service.Name))))] };
        var images = await BuildImagesAsync(needed, engine, cancellationToken);
        WriteImages(folder.Folder, images);
        await Deployment(engine).DeployAsync(compose, said, images, cancellationToken);
    }

    private async Task DestroyAsync(CancellationToken cancellationToken) =>
        await Deployment(await ContainerEngine.FindAsync(configuration, cancellationToken)).DestroyAsync(new ComposePublisher(await ReadAsync(cancellationToken), ComposeEnvironment()).Publish(), cancellationToken);

    private async Task SayReleasesAsync(CancellationToken cancellationToken) =>
        Deployment(await ContainerEngine.FindAsync(configuration, cancellationToken)).SayReleases();

    private DeployCommand Deployment(ContainerEngine engine) => new(engine, DeploymentOptions.Read(configuration, host.ApplicationName), data, time, output);

    private Task<IReadOnlyDictionary<string, string>> BuildImagesAsync(PublishedApplication application, ContainerEngine engine, CancellationToken cancellationToken) =>
        new ImageBuilder(engine, new ImageBuildOptions(configuration["base-image"], configuration["registry"]), output).BuildAsync(application, cancellationToken);

    private static void WriteImages(string path, IReadOnlyDictionary<string, string> images)
    {
        var folder = new OutputFolder(path);
        folder.Merge(ImagesFileName, _ => string.Concat(images.OrderBy(image => image.Key, StringComparer.Ordinal).Select(image => $"{ComposePublisher.ImageVariable(image.Key)}={image.Value}\n")));
    }

    private async Task PublishAsync(CancellationToken cancellationToken)
    {
        var path = OutputPath;
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

    private async Task PublishComposeAsync(string path, CancellationToken cancellationToken) =>
        WriteCompose(new ComposePublisher(await ReadAsync(cancellationToken), ComposeEnvironment()).Publish(), path);

    private OutputFolder WriteCompose(ComposeFile compose, string path)
    {
        var folder = new OutputFolder(path);
        folder.Write(ComposePublisher.FileName, compose.ToYaml());
        folder.Merge(ComposePublisher.VariablesFileName, present => EnvironmentFile.Merge(present, compose.Variables));
        Close(folder);
        return folder;
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
        new ApplicationReader(model, executionContext, host.ApplicationName.ToLowerInvariant()).ReadAsync(cancellationToken);

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
