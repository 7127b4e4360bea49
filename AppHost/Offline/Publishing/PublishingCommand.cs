using Aspire.Hosting.ApplicationModel;

namespace Aspire.Hosting.Offline;

/// <summary>Does what a command line asks for instead of a run: publish, build, deploy, destroy, releases.</summary>
internal sealed class PublishingCommand(
    DistributedApplicationModel model, DistributedApplicationExecutionContext executionContext, PublishOptions options, TextWriter output)
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
        if (options.Publisher is null or PublishOptions.Manifest)
        {
            await PublishManifestAsync(path, cancellationToken);
        }
    }

    private async Task PublishManifestAsync(string path, CancellationToken cancellationToken)
    {
        var file = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? path : Path.Combine(path, ManifestPublisher.FileName);
        var folder = new OutputFolder(Path.GetDirectoryName(file)!);
        folder.Write(Path.GetFileName(file), await ManifestPublisher.WriteAsync(model, executionContext, file, cancellationToken));
        folder.Close();
        Say(folder);
    }

    private void Say(OutputFolder folder)
    {
        foreach (var (file, result) in folder.Results)
        {
            output.WriteLine(result is OutputResult.Kept
                ? $"kept       {Path.Combine(folder.Folder, file)}: you edited it; what would be written now is beside it, {Path.GetFileName(file)}.new"
                : $"{result.ToString().ToLowerInvariant(),-10} {Path.Combine(folder.Folder, file)}");
        }
    }
}
